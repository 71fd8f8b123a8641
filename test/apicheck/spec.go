package apicheck

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	problems "github.com/pb33f/libopenapi-validator/errors"
	"github.com/pb33f/libopenapi-validator/helpers"
)

// ownHeader marks an answer of the app, and not of the host before it.
const ownHeader = "X-Pbirefresh-Version"

// Spec is an OpenAPI document, ready to check with.
type Spec struct{ validator validator.Validator }

// Load reads an OpenAPI 3.1 document in JSON.
func Load(document []byte) (*Spec, error) {
	closed, err := closeObjects(document)
	if err != nil {
		return nil, fmt.Errorf("apicheck: %w", err)
	}
	doc, err := libopenapi.NewDocument(closed)
	if err != nil {
		return nil, fmt.Errorf("apicheck: %w", err)
	}
	if version := doc.GetVersion(); !strings.HasPrefix(version, "3.1.") {
		return nil, fmt.Errorf("apicheck: openapi is %q, want 3.1", version)
	}
	v, errs := validator.NewValidator(doc, config.WithFormatAssertions())
	if len(errs) > 0 {
		return nil, fmt.Errorf("apicheck: %w", errors.Join(errs...))
	}
	return &Spec{v}, nil
}

// Check returns what of the exchange the document does not describe. It reads both bodies.
func (s *Spec) Check(r *http.Request, resp *http.Response) error {
	if resp.Header.Get(ownHeader) == "" {
		return hostAnswer(resp.StatusCode)
	}
	_, found := s.validator.ValidateHttpResponse(r, resp)
	if slices.ContainsFunc(found, isRoute) {
		return notServed(resp.StatusCode)
	}
	if resp.StatusCode < http.StatusMultipleChoices { // a rejected request may be anything
		return errors.Join(join(found), s.CheckRequest(r))
	}
	return join(found)
}

// CheckRequest returns why the document does not allow the request. It reads the body.
func (s *Spec) CheckRequest(r *http.Request) error {
	_, found := s.validator.ValidateHttpRequestSync(r)
	return join(found)
}

func hostAnswer(status int) error {
	if status == http.StatusUnauthorized || status == http.StatusNotFound || status >= http.StatusInternalServerError {
		return nil
	}
	return fmt.Errorf("status %d without the header %s, which every answer of the app has", status, ownHeader)
}

// isRoute reports whether the document has no such path, or no such method of it.
func isRoute(p *problems.ValidationError) bool { return p.ValidationType == helpers.PathValidation }

// notServed returns an error if a route that is not described is served.
func notServed(status int) error {
	if slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusServiceUnavailable}, status) {
		return nil
	}
	return fmt.Errorf("the route is not described, and answers %d", status)
}

func join(found []*problems.ValidationError) error {
	var errs []error
	for _, p := range found {
		err := fmt.Errorf("%s: %s", p.Message, p.Reason)
		for _, detail := range p.SchemaValidationErrors {
			err = fmt.Errorf("%w; %s at %s", err, detail.Reason, detail.FieldPath)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
