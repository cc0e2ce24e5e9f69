package bookie

import (
	"context"
	"errors"
)

// ClusterInfo is what a bookie reads in ZooKeeper about its cluster.
type ClusterInfo struct {
	// AuditorElected is false, too, where the bookie could not find out; AuditorID is then "".
	AuditorElected bool
	AuditorID      string
	// UnderReplicated: there is a ledger that is marked as missing a copy.
	UnderReplicated bool
	// Enabled: autorecovery is not switched off.
	Enabled bool
	// Total are the bookies with a cookie, Unavailable those of them that are neither writable
	// nor read-only: Total less both, so that one which is registered without a cookie, or in
	// both ways for an instant, makes it too small, and even less than 0.
	Total, Writable, ReadOnly, Unavailable int
}

// ClusterInfo asks a bookie for its cluster, since 4.14.7. It waits for ZooKeeper. On an
// autorecovery process it is a *StatusError with 500.
// Source: BookKeeper 4.17.3, server/http/service/ClusterInfoService.java.
func (c *Client) ClusterInfo(ctx context.Context) (ClusterInfo, error) {
	body, err := c.askOK(ctx, clusterInfo)
	if err != nil {
		return ClusterInfo{}, err
	}
	i, err := parseClusterInfo(body)
	if err != nil {
		return ClusterInfo{}, c.misread(clusterInfo, err)
	}
	return i, nil
}

func parseClusterInfo(body []byte) (ClusterInfo, error) {
	var i ClusterInfo
	o, err := parseObject(body)
	if err != nil {
		return i, err
	}
	err = errors.Join(
		field(o, "auditorElected", &i.AuditorElected),
		field(o, "auditorId", &i.AuditorID),
		field(o, "clusterUnderReplicated", &i.UnderReplicated),
		field(o, "ledgerReplicationEnabled", &i.Enabled),
		field(o, "totalBookiesCount", &i.Total),
		field(o, "writableBookiesCount", &i.Writable),
		field(o, "readonlyBookiesCount", &i.ReadOnly),
		field(o, "unavailableBookiesCount", &i.Unavailable))
	if err != nil {
		return ClusterInfo{}, err
	}
	return i, nil
}
