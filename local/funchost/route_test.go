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
		{"api/refreshes/{id}", `/api/refreshes/a\..\b`, true},
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
		{"api/{id:regex(^[A-Za-z0-9_-]+$)}", "/api/a%41", false},
		{"api/{id:regex(^[A-Za-z0-9_-]+$)}", "/api/abc\n\n", false},
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
		{"api/{id}", "/api/%zz", true},
		{"api/x/{*path}", "/api/x//1", false},
		{"api/x/{*path}", "/api/x/1//2", true},
		{"api/x/{*path:alpha}", "/api/x/a/", false},
		{"api/x/{*path:alpha}", "/api/x", false},
		{"api/{n:int}", "/api/ +5", true},
		{"api/{n:alpha}", "/api/abc\n", true},
		{"api/{n:guid}", "/api/{" + id + "}", true},
		{"api/{n:guid}", "/api/{" + id + ")", false},
		{"api/{n:length(3)}", "/api/äöü", true},
		{"api/{n:length(3,4)}", "/api/a\U0001f600b", true},
		{"api/{n:length(3,4)}", "/api/ab", false},
		{"api/{n:minlength(2)}", "/api/a", false},
		{"api/{n:maxlength(2)}", "/api/abc", false},
		{"api/{n:min(2)}", "/api/1", false},
		{"api/{n:max(2)}", "/api/3", false},
		{"api/{n:range(2,3)}", "/api/3", true},
		{"api/{n:double}", "/api/1,0.5e3", true},
		{"api/{n:double}", "/api/x", false},
		{"api/{n:required}", "/api/x", true},
		{"api/{n:file}", "/api/x.y", true},
		{"api/{n:nonfile}", "/api/x.y", false},
		{"api/{n:regex(^[A-Za-z0-9_-]+$)}", "/api/a_-9", true},
		{"api/{n:regex(^[A-Za-z0-9_-]+$)}", "/api/a\n", true},
		{"api/{n:regex(^[A-Za-z0-9_-]+$)}", "/api/a\r\n", false},
		{"api/{n:regex(^[A-Za-z0-9_-]+$)}", `/api/a\b`, false},
		{"api/{n:regex(^[A-Za-z0-9_-]+$)}", "/api/\u017f", false},
		{"api/{n:regex(^a{{2}}$)}", "/api/AA", true},
		{`api/{n:regex(^\d\w[\w:]\Z)}`, "/api/\u0661ä:", true},
		{"api/{n:regex(^a(b|:c)$):length(2)}", "/api/ab", true},
	}
	for _, tt := range tests {
		t.Run(tt.template+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			parsed, err := parseTemplate(tt.template)
			if err != nil {
				t.Fatal(err)
			}
			if got := parsed.match(tt.path); got != tt.want {
				t.Errorf("match = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestTemplateRefuses(t *testing.T) {
	t.Parallel()
	for template, want := range map[string]string{
		"":                      "is empty",
		"/":                     "must not begin",
		"/api/x":                "must not begin",
		"~/x":                   "must not begin",
		"api//x":                "must not begin with / or ~, nor hold //",
		"api/{id":               "is not supported",
		"api/a{id}":             "is not supported",
		"api/{id=5}":            "is not supported",
		"api/{i d}":             "is not supported",
		"api/{id:len}":          `constraint "len"`,
		"api/{a?}/b":            "must be the last",
		"api/{*a}/b":            "must be the last",
		"api/{a}/{A}":           "twice",
		"api/{n:length(x)}":     "must be a whole number",
		"api/{n:length(1,2,3)}": "is not supported",
		"api/{n:int(1)}":        "is not supported",
		"api/{n:regex(a}":       "final parenthesis",
		"api/{n:regex()}":       "is not supported",
		"api/{n:regex((?=a))}":  "is not supported",
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

func TestReservedRoutes(t *testing.T) {
	t.Parallel()
	for route, refused := range map[string]bool{"admin/x": true, "Runtime": true, "api/admin": false, "administer": false} {
		if err := checkReserved(route); (err != nil) != refused {
			t.Errorf("%q: error = %v, want one: %v", route, err, refused)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("api/{id:guid}/{*rest}", "/api/x/y")
	f.Add("{a:regex(^[b]+$)?}", "/%41")
	f.Add("{*a}", "")
	f.Fuzz(func(t *testing.T, text, path string) {
		parsed, err := parseTemplate(text)
		if err != nil {
			return
		}
		parsed.match(path) // must not panic
		if !strings.ContainsAny(text, "{") && !parsed.match("/"+text) {
			t.Errorf("literal %q does not match itself", text)
		}
	})
}
