package handler

import (
	_ "embed" // the description is part of the program
	"net/http"
	"strconv"
)

// OpenAPI is the description of the routes: OpenAPI 3.1 in JSON. The end-to-end
// suite holds every real answer to it (package test/apicheck).
//
//go:embed openapi.json
var OpenAPI []byte

// openAPI: GET /api/openapi.json. It needs no key: it is the same for every app, and
// in the sources.
func (s *server) openAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(OpenAPI)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(OpenAPI) // an error means that the client has left
	return nil
}
