package callback

import (
	"net/netip"
	"testing"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	own, err := ParseNetworks("10.1.0.0/16 fd12::/48;127.0.0.0/8,::1/128 169.254.0.0/16 0.0.0.0/0")
	if err != nil {
		t.Fatal(err)
	}
	own = own[:5]
	for addr, want := range map[string]struct{ public, own bool }{
		"20.50.1.2":              {true, true},
		"8.8.8.8":                {true, true},
		"172.15.255.255":         {true, true},
		"172.32.0.0":             {true, true},
		"168.63.129.15":          {true, true},
		"168.63.129.16":          {false, false}, // WireServer
		"169.254.169.254":        {false, false}, // metadata, although the settings list it
		"169.254.129.2":          {false, false}, // App Service's identity endpoint
		"10.1.2.3":               {false, true},
		"10.2.0.1":               {false, false},
		"172.16.0.1":             {false, false},
		"192.168.1.1":            {false, false},
		"127.0.0.1":              {false, true},
		"100.64.0.1":             {false, false},
		"100.100.100.200":        {false, false}, // the metadata service of another cloud
		"192.0.0.192":            {false, false},
		"192.0.2.1":              {false, false},
		"198.18.0.1":             {false, false},
		"0.0.0.0":                {false, false},
		"0.1.2.3":                {false, false},
		"224.0.0.1":              {false, false},
		"255.255.255.255":        {false, false},
		"240.0.0.1":              {false, false},
		"2603:1030::1":           {true, true},
		"::1":                    {false, true},
		"::":                     {false, false},
		"::ffff:20.50.1.2":       {true, true},
		"::ffff:169.254.169.254": {false, false},
		"::ffff:10.1.2.3":        {false, true},
		"::ffff:10.2.0.1":        {false, false},
		"::a9fe:a9fe":            {false, false}, // IPv4-compatible
		"64:ff9b::1432:102":      {true, true},   // NAT64 of 20.50.1.2
		"64:ff9b::a9fe:a9fe":     {false, false}, // of 169.254.169.254
		"64:ff9b::a83f:8110":     {false, false}, // of 168.63.129.16
		"64:ff9b::a01:203":       {false, true},  // of 10.1.2.3
		"64:ff9b:1::a9fe:a9fe":   {false, false},
		"2002:1432:102::1":       {true, true},   // 6to4 of 20.50.1.2
		"2002:a9fe:a9fe::1":      {false, false}, // of 169.254.169.254
		"2002:7f00:1::":          {false, true},  // of 127.0.0.1
		"2002:c0a8:101::1":       {false, false}, // of 192.168.1.1
		"2001:0:1432:102::1":     {false, false}, // Teredo
		"2001:db8::1":            {false, false},
		"3fff::1":                {false, false},
		"fd12::1":                {false, true},
		"fd13::1":                {false, false},
		"fd00:ec2::254":          {false, false},
		"fe80::1":                {false, false},
		"fe80::1%eth0":           {false, false},
		"2603:1030::1%eth0":      {false, false},
		"fec0::1":                {false, false},
		"ff02::1":                {false, false},
		"100::1":                 {false, false},
		"5f00::1":                {false, false},
	} {
		a := netip.MustParseAddr(addr)
		if got := Networks(nil).allows(a); got != want.public {
			t.Errorf("%s is allowed %t without settings, want %t", addr, got, !got)
		}
		if got := own.allows(a); got != want.own {
			t.Errorf("%s is allowed %t with own networks, want %t", addr, got, !got)
		}
	}
	if own.allows(netip.Addr{}) {
		t.Error("the zero Addr is allowed, want never")
	}
}

func TestNetworkListsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"10.0.0.1", "10.0.0.1/8", "x", "10.0.0.0/33", "::ffff:10.0.0.0/104", "fe80::1%eth0/64", "10.0.0.0/8 -"} {
		if n, err := ParseNetworks(list); err == nil {
			t.Errorf("ParseNetworks(%q) = %v, want an error", list, n)
		}
	}
	if n, err := ParseNetworks(" "); err != nil || n != nil {
		t.Errorf("ParseNetworks of the empty list = %v, %v, want none and no error", n, err)
	}
}

// Every IPv6 spelling of an IPv4 address is judged as that address is.
func FuzzEmbeddedAddresses(f *testing.F) {
	for _, seed := range []string{"20.50.1.2", "10.0.0.1", "169.254.169.254", "168.63.129.16", "0.0.0.0", "100.127.255.255"} {
		a := netip.MustParseAddr(seed).As4()
		f.Add(a[0], a[1], a[2], a[3])
	}
	f.Fuzz(func(t *testing.T, a, b, c, d byte) {
		v4 := netip.AddrFrom4([4]byte{a, b, c, d})
		want := Networks(nil).allows(v4)
		for _, v6 := range [][16]byte{
			{10: 0xff, 11: 0xff, 12: a, 13: b, 14: c, 15: d},
			{0: 0x00, 1: 0x64, 2: 0xff, 3: 0x9b, 12: a, 13: b, 14: c, 15: d},
			{0: 0x20, 1: 0x02, 2: a, 3: b, 4: c, 5: d, 15: 1},
		} {
			if addr := netip.AddrFrom16(v6); Networks(nil).allows(addr) != want {
				t.Errorf("%s: %v, and %s otherwise", v4, want, addr)
			}
		}
	})
}

// However wide the networks of the settings are, nothing that hides an IPv4 address is
// called, nor what hands out credentials.
func TestNetworksAsWideAsEverything(t *testing.T) {
	t.Parallel()
	wide := Networks{netip.MustParsePrefix("::/0"), netip.MustParsePrefix("0.0.0.0/0")}
	for _, addr := range []string{
		"2001:0:1432:102::1", "2001::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "64:ff9b:1:7::1", "::ffff:0:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
		"::ffff:169.254.169.254", "169.254.169.254", "168.63.129.16", "fe80::1", "fd00:ec2::254",
	} {
		if wide.allows(netip.MustParseAddr(addr)) {
			t.Errorf("%s is allowed by ::/0 and 0.0.0.0/0, want never", addr)
		}
	}
	if !wide.allows(netip.MustParseAddr("10.1.2.3")) {
		t.Error("10.1.2.3 is not allowed by 0.0.0.0/0, want it allowed")
	}
}
