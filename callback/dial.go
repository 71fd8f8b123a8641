package callback

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// resolver finds the addresses of a name; [*net.Resolver] is one.
type resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// dialFunc opens a connection to an IP address.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// dialer resolves a name, checks its addresses, and connects to one of them. It asks the
// name server once, so that no second answer can differ.
type dialer struct {
	networks Networks
	resolver resolver
	dial     dialFunc
}

// errForbidden does not name the address: callers could map the network by it.
var errForbidden = errors.New("the host has an address that is not public; if the receiver is yours, add its network to the setting CALLBACK_NETWORKS")

// DialContext connects to host:port. It returns an error if any address of the host is
// forbidden, because an honest receiver has no such address.
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
