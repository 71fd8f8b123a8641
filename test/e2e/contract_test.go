package e2e

import (
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
	"pbirefresh/test/apicheck"
)

// olderAPI has the staged apps that this tree's description does not describe, and
// unchecked sends to them.
var (
	olderAPI  sync.Map // root -> true
	unchecked http.RoundTripper
)

// checkContract holds every call of the suite to the description that the app serves.
// The function that it returns prints what was not as described, and reports whether
// there was any: no test knows to which of them a call belongs.
func checkContract() (undescribed func() bool) {
	spec, err := apicheck.Load(handler.OpenAPI)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var mu sync.Mutex
	problems := map[string]int{}
	unchecked = leaks.watched(http.DefaultTransport)
	http.DefaultTransport = spec.Transport(http.DefaultTransport, func(err error) {
		mu.Lock()
		defer mu.Unlock()
		problems[err.Error()]++
	})
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		for problem, times := range problems {
			fmt.Fprintf(os.Stderr, "not as handler/openapi.json describes it (%d times): %s\n", times, problem)
		}
		return len(problems) > 0
	}
}

// The app serves its description without a key.
func TestOpenAPIIsServed(t *testing.T) {
	t.Parallel()
	a := startApp(t, newWorld(t), inMemory())
	resp, text := a.call("GET", "/api/openapi.json", "", "x-functions-key", "")
	if resp.StatusCode != http.StatusOK || text != string(handler.OpenAPI) {
		t.Errorf("%s, %d bytes", resp.Status, len(text))
	}
	// The suite would notice an answer that is not described.
	if _, err := apicheck.Load([]byte(text)); err != nil {
		t.Error(err)
	}
	if resp, _ := a.call("GET", "/api/refreshes/"+sim.SalesModel, ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("%s of an id that is none", resp.Status)
	}
}
