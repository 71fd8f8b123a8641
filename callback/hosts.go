package callback

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Hosts is the list of hosts that may be called. A name with several labels includes its
// subdomains, a name with one label does not. The zero Hosts allows none.
type Hosts struct{ list []allowedHost }

type allowedHost struct{ name, port string }

// DefaultHosts returns the hosts of the callbacks of Azure's own callers. Only those of
// Logic Apps are documented. A refusal names the host, so that it can be added.
func DefaultHosts() Hosts {
	hosts, err := ParseHosts(strings.Join([]string{
		"logic.azure.com",           // Logic Apps Consumption, Power Automate (documented: sp_invoke_external_rest_endpoint's list of hosts)
		"azurewebsites.net",         // Logic Apps Standard (unverified)
		"svc.datafactory.azure.com", // Data Factory, by region (unverified)
		"powerplatform.com",         // Power Automate (unverified)
	}, " "))
	if err != nil {
		panic(err) // the list is a constant
	}
	return hosts
}

// ParseHosts reads names such as example.com or receiver.internal:8443, separated by
// commas, semicolons or blanks. Without a port, only 443 may be called.
func ParseHosts(list string) (Hosts, error) {
	var h Hosts
	for _, entry := range fields(list) {
		name, port, found := strings.Cut(strings.ToLower(entry), ":")
		if !found {
			port = "443"
		}
		n, err := strconv.ParseUint(port, 10, 16)
		switch {
		case len(name) > 253 || !hostPattern.MatchString(name) || numeric(name):
			return Hosts{}, fmt.Errorf("%.80q is no host name such as example.com (which includes its subdomains: write no asterisk, no scheme and no address)", entry)
		case err != nil || n == 0 || !portPattern.MatchString(port):
			return Hosts{}, fmt.Errorf("%.80q has no port from 1 to 65535 after its colon", entry)
		}
		h.list = append(h.list, allowedHost{name, port})
	}
	if len(h.list) == 0 {
		return Hosts{}, errors.New("there is no host in it")
	}
	return h, nil
}

func fields(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) })
}

// allows reports whether a URL's host and port are on the list.
func (h Hosts) allows(host, port string) bool {
	return slices.ContainsFunc(h.list, func(a allowedHost) bool {
		return a.port == port && (host == a.name || a.hasSubdomains() && strings.HasSuffix(host, "."+a.name))
	})
}

// hasSubdomains keeps an entry such as com from allowing every host below it.
func (a allowedHost) hasSubdomains() bool { return strings.Contains(a.name, ".") }

// Policy is which URLs may be called.
type Policy struct {
	Hosts    Hosts
	Networks Networks // that may be called, beside public addresses
	Own      []string // hosts of this app, in lower case; never called
}

// scmHost matches the deployment site (Kudu) of an app in any cloud. A POST to it can run
// code (documented: the host is APP.scm.azurewebsites.net).
var scmHost = regexp.MustCompile(`(^|\.)scm\.([a-z0-9-]+\.)*(azurewebsites\.(net|us)|chinacloudsites\.cn|appserviceenvironment\.(net|us|cn))$`)

// neverHost reports a host that no setting allows.
func (p Policy) neverHost(host string) bool {
	return scmHost.MatchString(host) || slices.Contains(p.Own, host)
}

// Check reads a URL. It returns an [*Error] if the URL may not be called. It resolves no
// name: the sender checks addresses when it connects.
func (p Policy) Check(raw string) (URL, error) {
	u, err := parse(raw)
	if err != nil {
		return URL{}, err
	}
	host, port := u.host(), u.parts().port
	if p.neverHost(host) {
		return URL{}, &Error{CodeForbidden, "Callbacks to this app itself, and to the deployment site of an app (scm), are never sent. Name the receiver's own host."}
	}
	if p.Hosts.allows(host, port) {
		return u, nil
	}
	shown := host
	if port != "443" {
		shown += ":" + port
	}
	return URL{}, &Error{CodeForbidden, fmt.Sprintf(
		"Callbacks to %s are not allowed. If the receiver is yours, add its host to the setting CALLBACK_HOSTS of this app.", shown)}
}
