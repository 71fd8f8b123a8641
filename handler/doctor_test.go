package handler

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pbirefresh/doctor"
	"pbirefresh/powerbi"
)

const doctorPath = "/api/doctor?workspaceId=" + testWorkspace + "&datasetId=" + testDataset

// walked has a doctor that remembers what it was asked about.
func walked(asked *[]powerbi.Dataset) func(*Config) {
	return func(c *Config) {
		c.Doctor = func(_ context.Context, version string, d powerbi.Dataset) []doctor.Check {
			*asked = append(*asked, d)
			return []doctor.Check{{Name: "host", State: doctor.OK, Detail: version}, {Name: "role", State: doctor.Problem, Detail: "a Viewer", Remedy: "grant", Fix: []string{"az x"}}}
		}
	}
}

func TestTheDoctorAnswers(t *testing.T) {
	t.Parallel()
	var asked []powerbi.Dataset
	b := newBench(t, walked(&asked))
	a := b.do(http.MethodGet, strings.ToUpper(doctorPath[:11])+doctorPath[11:], "", "X-Azure-Functions-HostVersion: 4.1037").is(http.StatusOK)
	const want = `{"state":"problem","version":"1.2.3","checks":[{"name":"host","state":"ok","detail":"4.1037"},{"name":"role","state":"problem","detail":"a Viewer","remedy":"grant","fix":["az x"]}]}`
	if string(a.raw) != want || len(asked) != 1 || asked[0] != (powerbi.Dataset{WorkspaceID: testWorkspace, DatasetID: testDataset}) {
		t.Errorf("got %s about %v, want %s about one model", a.raw, asked, want)
	}
	if text := string(b.raw(http.MethodGet, "/api/doctor", "", "Accept: text/plain").raw); !strings.Contains(text, "problem  role           a Viewer\n") || !strings.Contains(text, "    az x\n") {
		t.Errorf("as text: %q", text)
	}
	if len(asked) != 2 || asked[1] != (powerbi.Dataset{}) {
		t.Errorf("got %v, want the second walk without a model", asked)
	}
}

// Who may not read about a model, and what the app may not refresh, is refused before
// anything is looked at.
func TestTheDoctorGuardsModels(t *testing.T) {
	t.Parallel()
	allowed, err := ParseAllowed(testWorkspace)
	if err != nil {
		t.Fatal(err)
	}
	others, err := ParseAllowed(otherSpace)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := strings.Replace(doctorPath, testWorkspace, otherSpace, 1)
	stranger := principal(strings.Replace(ada, "1", "2", 1))
	for _, tt := range []struct {
		name, path, header string
		allowed            Allowed
		want               int
	}{
		{"may trigger, so may read", doctorPath, principal(ada), allowed, 200},
		{"another model", elsewhere, principal(ada), Allowed{}, 403},
		{"a stranger", doctorPath, stranger, Allowed{}, 403},
		{"not on the list", doctorPath, principal(ada), others, 403},
		{"no model", "/api/doctor", stranger, allowed, 200},
		{"one id", "/api/doctor?datasetId=" + testDataset, principal(ada), Allowed{}, 400},
		{"no id", "/api/doctor?workspaceId=&datasetId=", principal(ada), Allowed{}, 400},
		{"two ids in one", doctorPath + "," + testDataset, principal(ada), Allowed{}, 400},
		{"a path", doctorPath[:len(doctorPath)-36] + "../../x", principal(ada), Allowed{}, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var asked []powerbi.Dataset
			b := guarded(t, true, walked(&asked), func(c *Config) { c.Allowed = tt.allowed })
			b.do(http.MethodGet, tt.path, "", tt.header).is(tt.want)
			if (len(asked) == 1) != (tt.want == 200) {
				t.Errorf("%s: %d walks with HTTP %d", tt.path, len(asked), tt.want)
			}
		})
	}
}

// Every caller together has three walks a minute.
func TestTheDoctorIsLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked []powerbi.Dataset
		b := newBench(t, walked(&asked))
		for range doctorRate.Count {
			b.do(http.MethodGet, "/api/doctor", "").is(http.StatusOK)
		}
		b.do(http.MethodGet, doctorPath, "").is(http.StatusTooManyRequests).has("Retry-After", "20")
		time.Sleep(20 * time.Second)
		b.do(http.MethodGet, doctorPath, "").is(http.StatusOK)
		if len(asked) != doctorRate.Count+1 {
			t.Errorf("got %d walks, want %d", len(asked), doctorRate.Count+1)
		}
	})
}

// With wrong settings the doctor is the one route that answers, to who has a key.
func TestTheDoctorOfBrokenSettings(t *testing.T) {
	t.Parallel()
	var asked []powerbi.Dataset
	c := Config{Version: "1.2.3"}
	walked(&asked)(&c)
	routes := Broken("POWERBI_TENANT_ID is not set", c)
	for header, want := range map[string]int{"x-functions-key": http.StatusOK, "x-none": http.StatusUnauthorized} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/api/doctor", http.NoBody)
		r.Header.Set(header, testKey)
		if routes.ServeHTTP(w, r); w.Code != want || !json.Valid(w.Body.Bytes()) {
			t.Errorf("with %s: got HTTP %d %s, want %d", header, w.Code, w.Body, want)
		}
	}
	w := httptest.NewRecorder()
	if routes.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/health/ready", http.NoBody)); w.Code != http.StatusServiceUnavailable || len(asked) != 1 {
		t.Errorf("another route: got HTTP %d and %d walks, want 503 and 1", w.Code, len(asked))
	}
}
