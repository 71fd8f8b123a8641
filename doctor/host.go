package doctor

import (
	"encoding/json"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// The host that the app was tested with (ran): 4.1037.
const (
	hostMajor = 4
	hostMinor = 1037
)

// hostJSON is what counts of host.json.
type hostJSON struct {
	FunctionTimeout string `json:"functionTimeout"`
	CustomHandler   struct {
		Forwarding bool `json:"enableForwardingHttpRequest"`
		Proxying   bool `json:"enableProxyingHttpRequest"`
	} `json:"customHandler"`
	Extensions struct {
		HTTP struct {
			RoutePrefix *string `json:"routePrefix"`
		} `json:"http"`
	} `json:"extensions"`
}

func (d Deps) host() Check {
	if d.Files != nil {
		if wrong, remedy := d.hostFile(); wrong != "" {
			return problem("host", remedy, "%s", wrong).with("deploy the app's own host.json again: make package, then func azure functionapp publish <app>")
		}
	}
	return d.hostVersion()
}

// hostFile says what is wrong with host.json.
func (d Deps) hostFile() (wrong, remedy string) {
	text, err := fs.ReadFile(d.Files, "host.json")
	if err != nil {
		return "", "" // not started in the app's folder: nothing is known
	}
	var h hostJSON
	if err := json.Unmarshal(text, &h); err != nil {
		return "host.json is not JSON", "correct host.json"
	}
	switch timeout, unlimited := timeSpan(h.FunctionTimeout); {
	case h.CustomHandler.Proxying:
		return "enableProxyingHttpRequest is on: the host then forwards paths and bodies in another way than the app was tested with", "remove enableProxyingHttpRequest from host.json"
	case !h.CustomHandler.Forwarding:
		return "enableForwardingHttpRequest is off: HTTP requests do not arrive as such", "set customHandler.enableForwardingHttpRequest to true in host.json"
	case h.Extensions.HTTP.RoutePrefix != nil && *h.Extensions.HTTP.RoutePrefix != "api":
		return "routePrefix is not api: the app's routes begin with /api", "set extensions.http.routePrefix to api in host.json"
	case unlimited:
		return "functionTimeout is unlimited: a timer that hangs is never ended, and none follows it", "set functionTimeout to 00:05:00 in host.json"
	case h.FunctionTimeout != "" && timeout < d.LongestRequest:
		return "functionTimeout is " + safe(h.FunctionTimeout) + ", shorter than the longest request of " + d.LongestRequest.String() + ": the host would kill the process in the middle of a refresh request",
			"set functionTimeout to 00:05:00 in host.json"
	}
	return "", ""
}

// hostVersion: older hosts are not known to be wrong.
func (d Deps) hostVersion() Check {
	if d.HostVersion == "" {
		return unknown("host", "no Functions host has sent this request, so its version is not known")
	}
	parts := strings.SplitN(d.HostVersion, ".", 3)
	major, err := strconv.Atoi(parts[0])
	minor := 0
	if len(parts) > 1 {
		minor, _ = strconv.Atoi(parts[1])
	}
	switch {
	case err != nil:
		return unknown("host", "its version %s cannot be read", safe(d.HostVersion))
	case major != hostMajor:
		return problem("host", "set FUNCTIONS_EXTENSION_VERSION to ~4", "version %s; the app needs %d", safe(d.HostVersion), hostMajor).
			with("az functionapp config appsettings set --resource-group <group> --name <app> --settings FUNCTIONS_EXTENSION_VERSION=~4")
	case minor < hostMinor:
		return unknown("host", "version %s; the app was tested with %d.%d and newer", safe(d.HostVersion), hostMajor, hostMinor)
	}
	return fine("host", "version %s; host.json is as it should be", safe(d.HostVersion))
}

// timeSpan reads hh:mm:ss, with days before it or not; "-1" is no limit (documented: host.json).
func timeSpan(text string) (d time.Duration, unlimited bool) {
	if text == "-1" {
		return 0, true
	}
	days, clock, found := strings.Cut(text, ".")
	if !found {
		days, clock = "0", text
	}
	n, _ := strconv.Atoi(days)
	d = time.Duration(n) * 24 * time.Hour
	unit := time.Hour
	for part := range strings.SplitSeq(clock, ":") {
		n, _ := strconv.Atoi(part)
		d += time.Duration(n) * unit
		unit /= 60
	}
	return d, false
}
