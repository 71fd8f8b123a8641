package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"pbirefresh/callback"
	"pbirefresh/handler"
	"pbirefresh/internal/guid"
	"pbirefresh/powerbi"
	"pbirefresh/refresh"
)

// settings is all that the environment can say, checked.
type settings struct {
	signIn
	identityClientID string
	cloud            powerbi.Cloud
	storage          storageSettings
	settleWindow     time.Duration
	defaultTimeout   time.Duration
	maxWait          time.Duration
	linkLife         time.Duration // of status URLs, after the end
	statusKeyed      bool
	allowed          handler.Allowed
	extraOptions     []string // of a newer API version
	memory           int64    // bytes of the instance; 0: the cgroup says it
	callbacks        callback.Policy
	guard            handler.Guard
	schedulesFile    string
	baseURL          string
	hosts            handler.Hosts
	logWords         bool         // Power BI's own words go to the log
	sweeps           bool         // the timer's schedule is set
	web              *http.Client // with extra roots; nil: each client's own
}

// readSettings reads and checks everything. Its error names every problem.
func readSettings(getenv func(string) string) (settings, error) {
	r := &reader{getenv: getenv}
	s := settings{
		signIn:           r.signIn(),
		identityClientID: r.optional("AZURE_CLIENT_ID", "the client id of the user-assigned managed identity, a GUID", guid.Valid),
		storage:          r.storage(),
		settleWindow:     r.duration("SETTLE_WINDOW", 5*time.Minute, 30*time.Second, time.Hour),
		defaultTimeout:   r.duration("DEFAULT_TIMEOUT", 12*time.Hour, time.Minute, 7*24*time.Hour),
		maxWait:          r.duration("MAX_WAIT", 45*time.Second, 0, 200*time.Second),
		linkLife:         r.duration("STATUS_URL_LIFETIME", refresh.DefaultLinkLife, 8*24*time.Hour, 366*24*time.Hour),
		statusKeyed:      r.choice("STATUS_ACCESS", "link", "key") == "key",
		schedulesFile:    r.schedulesFile(),
		baseURL:          r.baseURL(),
		logWords:         r.onOff("LOG_POWERBI_MESSAGES"),
		sweeps:           r.get("SWEEP_SCHEDULE") != "",
		web:              r.extraRoots(runtime.GOOS),
	}
	r.choice("LOG_LEVEL", "info", "debug", "warn", "error")
	s.cloud = r.cloud()
	s.allowed = r.allowed()
	s.extraOptions = r.extraOptions()
	s.memory = r.memory()
	s.hosts = r.hosts()
	s.callbacks = callback.Policy{Hosts: r.callbackHosts(), Networks: r.callbackNetworks(), Own: s.ownHosts(r.get("WEBSITE_HOSTNAME"))}
	s.guard = r.guard()
	return s, errors.Join(r.problems...)
}

var (
	tenantPattern = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.-]{1,252}$`)
	httpsPattern  = regexp.MustCompile(`^https://[^/?#@\s]+/?$`)
	secretPattern = regexp.MustCompile(`^[0-9A-Za-z-]{1,127}$`) // Key Vault: documented, object names
)

// reader reads settings and collects what is wrong with them. Its messages name the
// setting and never repeat the value: every caller sees them, and a value in the wrong
// place may be a secret.
type reader struct {
	getenv   func(string) string
	problems []error
}

func (r *reader) get(name string) string { return strings.TrimSpace(r.getenv(name)) }

func (r *reader) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(format, args...))
}

func (r *reader) required(name, what string, valid func(string) bool) string {
	if r.get(name) == "" {
		r.problem("%s is not set: %s", name, what)
		return ""
	}
	return r.optional(name, what, valid)
}

func (r *reader) optional(name, what string, valid func(string) bool) string {
	v := r.get(name)
	if v != "" && !valid(v) {
		r.problem("%s is wrong: it must be %s", name, what)
	}
	return v
}

// onOff reads a setting that is off unless it says so.
func (r *reader) onOff(name string) bool {
	switch strings.ToLower(r.get(name)) {
	case "true":
		return true
	case "", "false":
	default:
		r.problem("%s is wrong: it must be true or false", name)
	}
	return false
}

func (r *reader) duration(name string, otherwise, low, high time.Duration) time.Duration {
	v := r.get(name)
	if v == "" {
		return otherwise
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < low || d > high {
		r.problem("%s is wrong: it must be a duration from %s to %s, such as 90s or 5m", name, asWritten(low), asWritten(high))
		return otherwise
	}
	return d
}

// choice reads one of a few words; the first is the default.
func (r *reader) choice(name string, words ...string) string {
	v := r.get(name)
	if v == "" {
		return words[0]
	}
	if !slices.Contains(words, v) {
		r.problem("%s is wrong: it must be %s", name, strings.Join(words, " or "))
	}
	return v
}

// asWritten is a duration as people write it: 1h, not 1h0m0s.
func asWritten(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (r *reader) allowed() handler.Allowed {
	allowed, err := handler.ParseAllowed(r.get("ALLOWED_MODELS"))
	if err != nil {
		r.problem("ALLOWED_MODELS is wrong: each entry must be workspaceId or workspaceId/datasetId (GUIDs)")
	}
	return allowed
}

// optionPattern is how the API names its members.
var optionPattern = regexp.MustCompile(`^[a-z][0-9A-Za-z]{0,63}$`)

// extraOptions are the options of a newer version of the API that are let through.
func (r *reader) extraOptions() []string {
	var names []string
	for name := range strings.FieldsFuncSeq(r.get("EXTRA_OPTIONS"), func(c rune) bool { return strings.ContainsRune(",; \t\r\n", c) }) {
		if !optionPattern.MatchString(name) || handler.KnownOption(name) {
			r.problem("EXTRA_OPTIONS is wrong: each entry must be the name of an option of the refresh API that this version does not know, such as newOption")
			return nil
		}
		names = append(names, name)
	}
	return names
}

func (r *reader) callbackHosts() callback.Hosts {
	list := r.get("CALLBACK_HOSTS")
	if list == "" {
		return callback.DefaultHosts()
	}
	hosts, err := callback.ParseHosts(list)
	if err != nil {
		r.problem("CALLBACK_HOSTS is wrong: each entry must be a host name such as example.com, which includes its subdomains, or example.com:8443; no asterisk, no scheme, no address")
	}
	return hosts
}

func (r *reader) callbackNetworks() callback.Networks {
	networks, err := callback.ParseNetworks(r.get("CALLBACK_NETWORKS"))
	if err != nil {
		r.problem("CALLBACK_NETWORKS is wrong: each entry must be a network such as 10.1.0.0/16 or fd12::/48, without bits beyond its length")
	}
	return networks
}

// baseURL is PUBLIC_BASE_URL, else the host name that the platform gave the app,
// else empty: then only this machine may ask.
func (r *reader) baseURL() string {
	if v := r.get("PUBLIC_BASE_URL"); v != "" {
		u, err := url.Parse(v)
		if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !local(u.Hostname())) || u.Host == "" || strings.ContainsAny(v, "?#@~") {
			r.problem("PUBLIC_BASE_URL is wrong: it must be the address by which callers reach the app, such as https://app.azurewebsites.net")
		}
		return strings.TrimRight(v, "/")
	}
	if r.onPlatform() {
		return "https://" + r.get("WEBSITE_HOSTNAME")
	}
	return ""
}

// onPlatform reports whether the app runs in App Service, which sets WEBSITE_HOSTNAME.
// Core Tools set it to localhost:port, which serves no https (azure-functions-core-tools,
// source).
func (r *reader) onPlatform() bool {
	name, _, _ := strings.Cut(r.get("WEBSITE_HOSTNAME"), ":")
	return name != "" && !local(name)
}

// ownHosts are the names by which the app is reached, without ports.
func (s settings) ownHosts(platform string) (own []string) {
	all := []string{platform}
	if u, err := url.Parse(s.baseURL); err == nil {
		all = append(all, u.Host)
	}
	for host := range s.hosts {
		all = append(all, host)
	}
	for _, host := range all {
		if name, _, _ := strings.Cut(strings.ToLower(host), ":"); name != "" && !local(name) {
			own = append(own, name)
		}
	}
	slices.Sort(own)
	return slices.Compact(own)
}

// local reports whether a name is one of this machine. On the way to any other host, plain
// http would reveal status URLs.
func local(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}

func (r *reader) hosts() handler.Hosts {
	hosts, err := handler.ParseHosts(r.get("PUBLIC_HOSTS"))
	if err != nil {
		r.problem("PUBLIC_HOSTS is wrong: each entry must be a host name such as refresh.example.com or refresh.example.com:8443; no scheme, no path, no asterisk")
	}
	return hosts
}
