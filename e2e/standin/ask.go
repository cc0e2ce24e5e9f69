package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// patience is how long a question may take.
const patience = 3 * time.Second

// fourLetterWord asks a ZooKeeper server: 4lw HOST:PORT WORD.
// Source: https://zookeeper.apache.org/doc/r3.9.3/zookeeperAdmin.html#sc_4lw
func fourLetterWord(ctx context.Context, args []string, out io.Writer) error {
	if err := arguments(args, "HOST:PORT", "WORD"); err != nil {
		return err
	}
	dialer := net.Dialer{Timeout: patience}
	conn, err := dialer.DialContext(ctx, "tcp", args[0])
	if err != nil {
		return fmt.Errorf("asking %s: %w", args[0], err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("asking %s: %w", args[0], err)
	}
	if _, err := io.WriteString(conn, args[1]); err != nil {
		return fmt.Errorf("asking %s: %w", args[0], err)
	}
	answered, err := io.Copy(out, conn)
	if err != nil {
		return fmt.Errorf("reading the answer of %s: %w", args[0], err)
	}
	if answered == 0 {
		return fmt.Errorf("%s answered nothing to %q", args[0], args[1])
	}
	return nil
}

// get prints what a URL answers: get URL. Any status but 2xx is an error.
func get(ctx context.Context, args []string, out io.Writer) error {
	if err := arguments(args, "URL"); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, args[0], nil)
	if err != nil {
		return fmt.Errorf("asking: %w", err)
	}
	return fetch(&http.Client{Timeout: patience}, request, out)
}

func fetch(client *http.Client, request *http.Request, out io.Writer) error {
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("asking: %w", err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(out, response.Body); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", request.URL, err)
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s", request.URL, response.Status)
	}
	return nil
}

// serviceAccount is where a pod finds its token and the API server's authority.
// Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// api asks the API server as the pod's service account: api PATH.
func api(ctx context.Context, args []string, out io.Writer) error {
	if err := arguments(args, "PATH"); err != nil {
		return err
	}
	host := net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	return askAPI(ctx, "https://"+host+args[0], serviceAccount, out)
}

func askAPI(ctx context.Context, url, credentials string, out io.Writer) error {
	token, err := os.ReadFile(filepath.Join(credentials, "token"))
	if err != nil {
		return fmt.Errorf("reading the token: %w", err)
	}
	authority, err := os.ReadFile(filepath.Join(credentials, "ca.crt"))
	if err != nil {
		return fmt.Errorf("reading the authority: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return errors.New("reading the authority: no certificate in it")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("asking: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	client := &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	return fetch(client, request, out)
}

// resolve prints the addresses of a name, one a line, sorted: resolve NAME.
func resolve(ctx context.Context, args []string, out io.Writer) error {
	if err := arguments(args, "NAME"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, args[0])
	if err != nil {
		return fmt.Errorf("resolving: %w", err)
	}
	slices.Sort(addresses)
	_, err = fmt.Fprintln(out, strings.Join(addresses, "\n"))
	return err
}

// file prints a file, or fails where there is none: file PATH.
func file(_ context.Context, args []string, out io.Writer) error {
	if err := arguments(args, "PATH"); err != nil {
		return err
	}
	content, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	return err
}
