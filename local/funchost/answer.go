package funchost

import (
	"io"
	"net/http"
)

// An answer is a handler's response, read as a whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask follows no redirect and keeps no cookie: it is one round trip.
func ask(transport http.RoundTripper, request *http.Request) (*answer, error) {
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return &answer{status: response.StatusCode, header: response.Header, body: body}, nil
}

// send passes the answer on. Go's client has taken Transfer-Encoding, the only
// header that the host drops, out of the headers already.
func (a *answer) send(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	if len(a.body) > 0 {
		_, _ = w.Write(a.body) // a client that has gone is nobody's error
	}
}
