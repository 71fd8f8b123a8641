package sim

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
)

// An Answer is a service's answer to one request. Handlers return answers instead of writing them, so that a [Fault]
// can replace, delay or lose an answer after the service has acted.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte

	note   string // what happened, for the journal
	caller string // application id of the token, for the journal
}

func emptyAnswer(status int) Answer {
	return Answer{Status: status, Header: http.Header{}}
}

func jsonAnswer(status int, v any) Answer {
	body, err := json.Marshal(v)
	if err != nil { // all callers pass wire types of this package
		body = []byte(strconv.Quote(err.Error()))
	}
	a := emptyAnswer(status)
	a.Header.Set("Content-Type", "application/json; charset=utf-8")
	a.Body = body
	return a
}

func (a Answer) noted(note string) Answer {
	a.note = note
	return a
}

func (a Answer) by(caller string) Answer {
	a.caller = caller
	return a
}

// withHeader returns a copy, so that a fault's answer can be served more than once.
func (a Answer) withHeader(key, value string) Answer {
	header := http.Header{}
	if a.Header != nil {
		header = a.Header.Clone()
	}
	header.Set(key, value)
	a.Header = header
	return a
}

func (a Answer) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.Header)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // a write to a caller that left may fail
}
