package funchost

import (
	"strings"
	"testing"
)

func TestTemplateMatch(t *testing.T) {
	t.Parallel()
	const id = "0f8fad5b-d9cb-469f-a165-70867728950e"
	tests := []struct {
		template, path string
		want           bool
	}{
		{"api/refreshes", "/api/refreshes", true},
		{"api/refreshes", "/API/Refreshes/", true},
		{"api/refreshes", "/api/refreshes/x", false},
		{"api/refreshes", "/api", false},
		{"api/refreshes", "/", false},
		{"api/refreshes/{id}", "/api/refreshes/a.b-c", true},
		{"api/refreshes/{id}", "/api/refreshes/", false},
		{"api/refreshes/{id}", "/api/refreshes//", false},
		{"api/refreshes/{id}", "/api/refreshes/a/b", false},
		{"api/refreshes/{id}", "/api/refreshes/a%2Fb", true},
		{"api/refreshes/{id}/cancel", "/api/refreshes/x/CANCEL", true},
		{"api/refreshes/{id}/cancel", "/api/refreshes/x/other", false},
		{"api/{id:guid}", "/api/" + id, true},
		{"api/{id:guid}", "/api/" + strings.ReplaceAll(strings.ToUpper(id), "-", ""), true},
		{"api/{id:guid}", "/api/" + id + "0", false},
		{"api/{id:guid}", "/api/x", false},
		{"api/{n:int}", "/api/2147483647", true},
		{"api/{n:int}", "/api/2147483648", false},
		{"api/{n:long}", "/api/2147483648", true},
		{"api/{n:alpha}", "/api/abc", true},
		{"api/{n:alpha}", "/api/abc1", false},
		{"api/{n:bool}", "/api/TRUE", true},
		{"api/{n:bool}", "/api/1", false},
		{"api/{n:int:bool}", "/api/1", false},
		{"api/{id:regex(^[A-Za-z0-9_-]+$)}/cancel", "/api/aB_-9/cancel", true},
		{"api/{id:regex(^[A-Za-z0-9_-]+$)}", `/api/x%5C..%5Cy`, false},
		{"api/{id:regex(^[A-Za-z0-9_-]+$)}", "/api/a%2541", false},
		{"api/{id:regex(^[A-Za-z0-9_-]+$)}", "/api/abc%0A", true},
		{"api/{id:regex(^[A-Za-z0-9_-]+$)}", "/api/abc%0A%0A", false},
		{"api/x/{id?}", "/api/x", true},
		{"api/x/{id?}", "/api/x/1", true},
		{"api/x/{id?}", "/api/x/1/2", false},
		{"api/x/{id:guid?}", "/api/x", true},
		{"api/x/{id:guid?}", "/api/x/1", false},
		{"api/x/{*path}", "/api/x", true},
		{"api/x/{*path}", "/api/x/1/2/3", true},
		{"api/x/{*path}", "/api", false},
		{"api/x/{**path}", "/api/x/1/2/3", true},
		{"{*path}", "/", true},
		{"api/{id}", "/api/%zz", false},
	}
	for _, tt := range tests {
		t.Run(tt.template+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			parsed, err := parseTemplate(tt.template)
			if err != nil {
				t.Fatal(err)
			}
			segments, err := pathSegments(tt.path)
			if got := err == nil && parsed.match(segments); got != tt.want {
				t.Errorf("match = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestTemplateRefuses(t *testing.T) {
	t.Parallel()
	for template, want := range map[string]string{
		"":              "is empty",
		"/":             "must not begin",
		"/api/x":        "must not begin",
		"~/x":           "must not begin",
		"api//x":        "must not begin with / or ~, nor hold //",
		"api/{id":       "is not supported",
		"api/a{id}":     "is not supported",
		"api/{id=5}":    "is not supported",
		"api/{i d}":     "is not supported",
		"api/{id:len}":  `constraint "len"`,
		"api/{a?}/b":    "must be the last",
		"api/{*a}/b":    "must be the last",
		"api/{a}/{A}":   "twice",
		"admin/x":       "reserved",
		"Runtime/{any}": "reserved",
	} {
		if _, err := parseTemplate(template); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error = %v, want %q", template, err, want)
		}
	}
}

// TestRouteOrder: the first function by name that takes path and method wins.
func TestRouteOrder(t *testing.T) {
	t.Parallel()
	app := &App{}
	add := func(name, route string, methods ...string) {
		parsed, err := parseTemplate(route)
		if err != nil {
			t.Fatal(err)
		}
		app.Functions = append(app.Functions, &Function{Name: name, HTTP: &HTTPTrigger{Methods: methods, template: parsed}})
	}
	add("A", "api/things/{id}", "GET")
	add("B", "api/things/fixed", "GET", "POST")
	add("C", "api/things/{id}", "DELETE")
	app.Functions = append(app.Functions, &Function{Name: "T", Timer: &TimerTrigger{}})
	for request, want := range map[string]string{
		"GET /api/things/1": "A", "GET /api/things/fixed": "A", "POST /api/things/fixed": "B",
		"DELETE /api/things/fixed": "C", "PUT /api/things/1": "", "POST /api/things/1": "", "POST /T": "",
	} {
		method, path, _ := strings.Cut(request, " ")
		got := ""
		if f := app.route(method, path); f != nil {
			got = f.Name
		}
		if got != want {
			t.Errorf("%s goes to %q, want %q", request, got, want)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("api/{id:guid}/{*rest}", "/api/x/y")
	f.Add("{a?}", "/%41")
	f.Add("{*a}", "")
	f.Fuzz(func(t *testing.T, text, path string) {
		parsed, err := parseTemplate(text)
		if err != nil {
			return
		}
		if segments, err := pathSegments(path); err == nil {
			parsed.match(segments) // must not panic
		}
		if !strings.ContainsAny(text, "{%") {
			segments, err := pathSegments("/" + text)
			if err != nil || !parsed.match(segments) {
				t.Errorf("literal %q does not match itself", text)
			}
		}
	})
}
