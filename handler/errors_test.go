package handler

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

func TestErrorKeepsItsCauseForTheLog(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk on fire")
	e := asError(cause)
	if !errors.Is(e, cause) || !strings.Contains(e.Error(), "disk on fire") || strings.Contains(e.Message, "fire") {
		t.Errorf("%v, message %q", e, e.Message)
	}
	if again := asError(e); again != e {
		t.Error("an answer that is one already is made anew")
	}
	if plain := (&Error{Code: "X", Message: "Y."}); plain.Error() != "X: Y." || plain.Unwrap() != nil {
		t.Errorf("%v", plain)
	}
}

func TestBodyThatEndsEarly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	body := io.MultiReader(strings.NewReader(wholeModel()[:20]), iotest.ErrReader(io.ErrUnexpectedEOF))
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/api/refreshes", body)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	b.routes.ServeHTTP(w, r)
	a := answer{t: t, code: w.Code, header: w.Header(), raw: w.Body.Bytes()}
	a.common()
	if e := a.is(http.StatusBadRequest).wireError(); e.Details[0].Code != "BodyNotReadable" || len(b.fake.calls) != 0 {
		t.Errorf("%s, calls %v", a.raw, b.fake.calls)
	}
}
