package callback

import (
	"fmt"
	"net/netip"
	"slices"
)

// Networks are private networks that may be called, for receivers behind a private
// endpoint. The zero Networks allows public addresses only.
type Networks []netip.Prefix

// ParseNetworks reads networks such as 10.1.0.0/16 or fd12::/48, separated by commas,
// semicolons or blanks.
func ParseNetworks(list string) (Networks, error) {
	var n Networks
	for _, entry := range fields(list) {
		p, err := netip.ParsePrefix(entry)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%.60q is not a network such as 10.1.0.0/16", entry)
		case p != p.Masked():
			return nil, fmt.Errorf("%.60q has bits set beyond its prefix length: write %s", entry, p.Masked())
		case p.Addr().Is4In6():
			return nil, fmt.Errorf("%.60q is an IPv4 network in IPv6 spelling: write it as IPv4", entry)
		}
		n = append(n, p)
	}
	return n, nil
}

// never are the networks that no setting allows. No receiver has such an address, and the
// services at the first two return credentials to every client that reaches them.
var never = prefixes(
	"169.254.0.0/16",      // link-local: cloud metadata (169.254.169.254), App Service's identity endpoint
	"168.63.129.16/32",    // Azure's WireServer (documented: "What is IP address 168.63.129.16?")
	"fd00:ec2::254/128",   // the metadata service of another cloud (documented: Amazon EC2)
	"fe80::/10",           // link-local
	"0.0.0.0/8", "::/128", // unspecified: this host on some systems
	"224.0.0.0/4", "ff00::/8", // multicast
	"240.0.0.0/4", // reserved, broadcast
	// IPv4 addresses in forms that are translated outside of this host, possibly to any of
	// the above.
	"2001::/32",       // Teredo (RFC 4380)
	"64:ff9b:1::/48",  // local NAT64 (RFC 8215)
	"::ffff:0:0:0/96", // IPv4-translated (RFC 7915)
)

// special are the networks that are not public (IANA: special-purpose address registries,
// RFC 6890).
var special = prefixes(
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // private
	"127.0.0.0/8",                                       // loopback
	"100.64.0.0/10",                                     // carrier-grade NAT
	"192.0.0.0/24",                                      // protocol assignments
	"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", // documentation
	"192.88.99.0/24",             // 6to4 relays
	"198.18.0.0/15",              // benchmarks
	"2001::/23",                  // protocol assignments, Teredo among them
	"2001:db8::/32", "3fff::/20", // documentation
)

// public is the part of IPv6 that is routed. It excludes loopback (::1), private (fc00::/7),
// site-local and IPv4-compatible addresses.
var public = netip.MustParsePrefix("2000::/3")

// IPv6 networks whose packets go to the IPv4 address that is part of theirs.
var (
	nat64     = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052; the local 64:ff9b:1::/48 (RFC 8215) is in never
	sixToFour = netip.MustParsePrefix("2002::/16")    // RFC 3056
)

func prefixes(list ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

// allows reports whether a connection may go to an address.
func (n Networks) allows(addr netip.Addr) bool {
	addr = addr.Unmap()
	switch inner := embedded(addr); {
	case !addr.IsValid() || addr.Zone() != "" || within(addr, never):
		return false
	case inner.IsValid():
		return n.allows(inner)
	case within(addr, n):
		return true
	case within(addr, special):
		return false
	}
	return addr.Is4() || public.Contains(addr)
}

func within(addr netip.Addr, list []netip.Prefix) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// embedded returns the IPv4 address inside an IPv6 one; the zero Addr if there is none.
func embedded(addr netip.Addr) netip.Addr {
	if !addr.Is6() {
		return netip.Addr{}
	}
	b := addr.As16()
	switch {
	case nat64.Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case sixToFour.Contains(addr):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return netip.Addr{}
}
