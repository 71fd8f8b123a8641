package handler

import (
	_ "embed" // the description is part of the program
	"net/http"
)

// OpenAPI is the description of the routes: OpenAPI 3.1 in JSON. The end-to-end
// suite holds every real answer to it (package test/apicheck).
//
//go:embed openapi.json
var OpenAPI []byte

// openAPI: GET /api/openapi.json. It needs no key: it is the same for every app, and
// in the sources.
func (s *server) openAPI(w http.ResponseWriter, _ *http.Request) error {
	return writeBody(w, http.StatusOK, "application/json", OpenAPI)
}
