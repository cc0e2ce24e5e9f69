package zk

import (
	"fmt"
	"net"
	"strconv"
)

// Endpoint is where a bookie says that it listens.
type Endpoint struct {
	// ID is what it is for: "bookie" or "httpserver".
	ID string
	// Protocol is "bookie-rpc" or "http".
	Protocol string
	// Host is a name or an address. That of the HTTP server is the one it binds, 0.0.0.0 as
	// a rule: it is reached at the bookie's own.
	// Source: bookkeeper, server/service/HttpService.java.
	Host string
	Port int
}

// The endpoints' names.
// Source: bookkeeper, bookie/BookieImpl.java (buildBookieServiceInfo), server/service/HttpService.java.
const (
	bookieEndpoint = "bookie"
	httpEndpoint   = "httpserver"
)

// Address is the host:port at which clients reach the bookie, "" where it does not say.
func (r Registration) Address() string {
	if bookie := r.endpoint(bookieEndpoint); bookie.Port != 0 {
		return net.JoinHostPort(bookie.Host, strconv.Itoa(bookie.Port))
	}
	return ""
}

// Host is the name or the address of the machine that the bookie is on, "" where it does
// not say.
func (r Registration) Host() string { return r.endpoint(bookieEndpoint).Host }

// AdminAddress is the host:port of the bookie's HTTP server, "" where it has none.
func (r Registration) AdminAddress() string {
	host, admin := r.Host(), r.endpoint(httpEndpoint)
	if host == "" || admin.Port == 0 {
		return ""
	}
	return net.JoinHostPort(host, strconv.Itoa(admin.Port))
}

func (r Registration) endpoint(id string) Endpoint {
	for _, e := range r.Endpoints {
		if e.ID == id {
			return e
		}
	}
	return Endpoint{}
}

// ParseServiceInfo reads what a bookie says of itself in its registration. No bytes are no
// endpoints.
// Source: bookkeeper, DataFormats.proto (BookieServiceInfoFormat).
func ParseServiceInfo(data []byte) ([]Endpoint, error) {
	var endpoints []Endpoint
	for field, err := range wireFields(data) {
		if err != nil {
			return nil, fmt.Errorf("bookie's service information: %w", err)
		}
		if field.number != 6 {
			continue
		}
		endpoint, err := parseEndpoint(field.bytes)
		if err != nil {
			return nil, fmt.Errorf("bookie's service information: %w", err)
		}
		endpoints = append(endpoints, endpoint)
	}
	return endpoints, nil
}

func parseEndpoint(data []byte) (Endpoint, error) {
	var e Endpoint
	for field, err := range wireFields(data) {
		if err != nil {
			return e, err
		}
		switch field.number {
		case 1:
			e.ID = string(field.bytes)
		case 2:
			if field.value > 0xffff {
				return e, fmt.Errorf("port %d: more than %d", field.value, 0xffff)
			}
			e.Port = int(field.value)
		case 3:
			e.Host = string(field.bytes)
		case 4:
			e.Protocol = string(field.bytes)
		}
	}
	return e, nil
}
