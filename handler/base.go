package handler

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"pbirefresh/refresh"
)

// Hosts are host names, some with a port, by which callers may reach the app besides
// that of the base URL: a custom domain, the platform's own name next to one. A caller
// gets status URLs with the host that it used only if that is one of them: what a
// request says of its host is the client's word, and a status URL is followed.
type Hosts map[string]bool

var hostPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?$`)

// ParseHosts reads host names, separated by commas, semicolons or blanks.
func ParseHosts(list string) (Hosts, error) {
	var hosts Hosts
	for _, entry := range strings.FieldsFunc(strings.ToLower(list), func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) }) {
		if !hostPattern.MatchString(entry) {
			return nil, fmt.Errorf("%.80q is no host name such as refresh.example.com or refresh.example.com:8443", entry)
		}
		if hosts == nil {
			hosts = Hosts{}
		}
		hosts[strings.TrimSuffix(entry, ":443")] = true
	}
	return hosts, nil
}

// trusted refuses a request for which no status URL can be made, before it does
// anything.
func (s *server) trusted(serve route) route {
	return func(w http.ResponseWriter, r *http.Request) error {
		if s.base(r) == "" {
			return &Error{Status: http.StatusBadRequest, Code: "HostNotTrusted", Target: "Host",
				Message: "The host name of the request is not one of the app's, so the app cannot give you a status URL. Set PUBLIC_BASE_URL to the address of the app, or add the host name to PUBLIC_HOSTS."}
		}
		return serve(w, r)
	}
}

// links are the URLs of an operation for one caller. They are absolute: pollers of the
// Azure SDKs refuse others.
type links struct{ status, cancel string }

func (s *server) links(r *http.Request, l refresh.Link) links {
	return linksTo(s.base(r), l, s.StatusKeyed)
}

// linksTo returns the status URL that needs no key, unless it is closed, or there is no
// signature that it could carry.
func linksTo(base string, l refresh.Link, keyed bool) links {
	status, sig := "/api/refreshes/", ""
	if keyed || l.Sig == "" {
		status = "/api/operations/"
	}
	if l.Sig != "" {
		sig = "?sig=" + l.Sig
	}
	cancel := "/cancel" + sig
	if sig == "" {
		cancel = "/cancel-all" // there is no share to cancel
	}
	return links{status: base + status + l.ID + sig, cancel: base + "/api/operations/" + l.ID + cancel}
}

// linkOf reads the link that a request carries. Two signatures are none: the host has
// joined those that a client sent.
func linkOf(r *http.Request) refresh.Link {
	l := refresh.Link{ID: r.PathValue("id")}
	if sigs := r.URL.Query()["sig"]; len(sigs) == 1 {
		l.Sig = sigs[0]
	}
	return l
}

// base is the address of the app for that caller: with the caller's host if that is a known
// one, else as it is configured. Without configuration, only names of this machine are
// accepted. No X-Forwarded- header counts: the host forwards those that a client sent.
func (s *server) base(r *http.Request) string {
	host := strings.TrimSuffix(strings.ToLower(r.Host), ":443")
	switch {
	case s.Hosts[host] && !loopback(host):
		return "https://" + host
	case s.BaseURL != "":
		return strings.TrimRight(s.BaseURL, "/")
	case !loopback(r.Host):
		return ""
	}
	return "http://" + strings.ToLower(r.Host)
}

// loopback reports whether a host, with or without a port, is this machine.
func loopback(host string) bool {
	name := host
	if h, port, err := net.SplitHostPort(host); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
			return false
		}
		name = h
	} else if trimmed, ok := strings.CutPrefix(host, "["); ok {
		name = strings.TrimSuffix(trimmed, "]")
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.Zone() == "" && addr.IsLoopback()
}
