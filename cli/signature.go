package cli

import (
	"net/url"
	"regexp"
	"strings"

	"pbirefresh/handler"
)

var signature = regexp.MustCompile(`([?&]sig=)[^&"'\s]+`)

// withoutSignatures hides the signatures of status URLs in a text, such as the error of
// an HTTP client, which quotes the URL.
func withoutSignatures(text string) string { return signature.ReplaceAllString(text, "${1}***") }

// withoutSignature replaces the URLs of a status document by those that need a key, as
// the app itself does for a caller that has only the id.
func withoutSignature(doc handler.StatusDocument) handler.StatusDocument {
	for _, address := range []*string{&doc.StatusURL, &doc.StatusQueryGetURI, &doc.TerminatePostURI} {
		u, err := url.Parse(*address)
		if err != nil {
			*address = ""
			continue
		}
		query := u.Query()
		query.Del("sig")
		u.RawQuery = query.Encode()
		u.Path = strings.Replace(u.Path, "/api/refreshes/", "/api/operations/", 1)
		*address = u.String()
	}
	return doc
}
