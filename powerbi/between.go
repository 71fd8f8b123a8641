package powerbi

import (
	"bytes"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"

	"pbirefresh/internal/foreign"
)

// Proxies, firewalls and sign-in portals answer in Power BI's place. Power BI answers in
// JSON, or without a body and with its code in X-PowerBI-Error-Info (seen:
// microsoft/powerbi-powershell); it sends this client no redirect and no 407.

// utf8BOM precedes some answers; encoding/json does not accept it.
const utf8BOM = "\xef\xbb\xbf"

// Between begins the message of an error with [CodeNotPowerBI]. The status, the title of
// the page and the Server header follow in brackets.
const Between = "something between this app and Power BI answered"

// between describes an answer that did not come from Power BI; empty if it may have.
func between(status int, h http.Header, body []byte) string {
	page := status < http.StatusInternalServerError && status != http.StatusTooManyRequests &&
		isPage(h, body) && h.Get("X-PowerBI-Error-Info") == ""
	redirect := status >= http.StatusMultipleChoices && status < http.StatusBadRequest
	if !page && !redirect && status != http.StatusProxyAuthRequired {
		return ""
	}
	return Between + " (" + pageWords(status, h, body) + ")"
}

// pageWords returns the status, the title of the page and the Server header.
func pageWords(status int, h http.Header, body []byte) string {
	words := []string{strings.TrimSpace(fmt.Sprintf("HTTP %d %s", status, http.StatusText(status)))}
	if title := pageTitle(body); title != "" {
		words = append(words, fmt.Sprintf("page %q", title))
	}
	if server := foreign.Masked(firstOf(h, "Server", "Proxy-Agent", "Via"), 80); server != "" {
		words = append(words, "Server: "+server)
	}
	return strings.Join(words, ", ")
}

func isPage(h http.Header, body []byte) bool {
	return isHTML(h) || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

func isHTML(h http.Header) bool {
	return strings.Contains(strings.ToLower(h.Get("Content-Type")), "html")
}

var titleTag = regexp.MustCompile(`(?is)<title[^>]*>(.{0,400}?)</title>`)

func pageTitle(body []byte) string {
	m := titleTag.FindSubmatch(body)
	if m == nil {
		return ""
	}
	return foreign.Masked(html.UnescapeString(string(m[1])), 120)
}
