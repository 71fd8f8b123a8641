package callback

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// Resolver finds the addresses of a name; [*net.Resolver] is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// DialFunc opens a connection to an address that is no name.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// dialer resolves, checks, and connects to what it checked. One answer of the name
// server serves all three, so that there is no second one to differ.
type dialer struct {
	networks Networks
	resolver Resolver
	dial     DialFunc
}

// errForbidden: the host has an address that may not be called. Which one is not
// told to callers: it would map the network for them.
var errForbidden = errors.New("the host has an address that is not public; if the receiver is yours, add its network to the setting CALLBACK_NETWORKS")

// DialContext connects to host:port. One forbidden address is enough to refuse a
// host: a receiver of good will has none.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, err := d.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	for _, addr := range addrs {
		if !d.networks.allows(addr) {
			return nil, errForbidden
		}
	}
	err = &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	for _, addr := range addrs {
		var conn net.Conn
		if conn, err = d.dial(ctx, network, net.JoinHostPort(addr.Unmap().String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}
