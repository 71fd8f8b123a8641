package funchost

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	files := appFiles(t)
	files["tick2/function.json"] = timerFunction("%Every%", `,"useMonitor":false,"runOnStartup":true`)
	files["Plain/function.json"] = `{"bindings":[
		{"type":"HttpTrigger","direction":"IN","name":"req"},{"type":"http","direction":"out","name":"res"}]}`
	files["assets/logo.txt"] = "not a function"
	writeFiles(t, root, files)
	app, err := Load(root, map[string]string{"EVERY": "00:01:00", "AzureWebJobs.keyed.disabled": "TRUE", "AzureWebJobs_Tick_Disabled": "1"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range app.Functions {
		names = append(names, f.Name)
	}
	if want := []string{"Act", "Admins", "Echo", "Keyed", "Plain", "Tick", "tick2"}; !slices.Equal(names, want) {
		t.Errorf("functions %v, want %v", names, want)
	}
	plain := app.function("PLAIN").HTTP
	if plain.Route != "api/Plain" || plain.AuthLevel != FunctionLevel || plain.Methods != nil {
		t.Errorf("defaults of an httpTrigger: %+v", plain)
	}
	if act := app.function("Act").HTTP; !slices.Equal(act.Methods, []string{"GET", "POST"}) {
		t.Errorf("methods = %v", act.Methods)
	}
	tick2 := app.function("tick2")
	if tick2.Timer.Schedule != "00:01:00" || tick2.Timer.UseMonitor || !tick2.Timer.RunOnStartup || tick2.Timer.Binding != "tick" || tick2.Disabled {
		t.Errorf("timer: %+v", tick2.Timer)
	}
	if !app.function("Keyed").Disabled || !app.function("Tick").Disabled || app.function("Echo").Disabled {
		t.Error("app settings do not switch functions off")
	}
	s := app.Settings
	if s.InitializationTimeout != 30*time.Second || s.FunctionTimeout != 30*time.Minute || !s.ErrorsOnly || s.RoutePrefix != "api" || s.WorkingDirectory != root {
		t.Errorf("defaults of host.json: %+v", s)
	}
}

func TestHostSettings(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	writeFiles(t, root, map[string]string{
		"bin/handler": "x", "work/.keep": "", "F/function.json": httpFunction("f", "anonymous", ""),
		"host.json": `{"version":"2.0","functionTimeout":"-1","extensions":{"http":{"routePrefix":""}},
			"customHandler":{"enableForwardingHttpRequest":true,"initializationTimeout":"00:01:00","description":{
			"defaultExecutablePath":"hand%SUFFIX%","workerDirectory":"bin","workingDirectory":"work","defaultWorkerPath":"main.js",
			"arguments":["--a","%ARG% %UNSET%x"],"workerArguments":["last"],"useStdErrorStreamForErrorsOnly":false}}}`,
	})
	if err := os.Chmod(filepath.Join(root, "bin", "handler"), 0o700); err != nil { //nolint:gosec // an executable
		t.Fatal(err)
	}
	app, err := Load(root, map[string]string{
		"SUFFIX": "ler", "ARG": "one two", "AzureFunctionsJobHost__customHandler__initializationTimeout": "00:00:05",
	})
	if err != nil {
		t.Fatal(err)
	}
	s := app.Settings
	if s.Executable != filepath.Join(root, "bin", "handler") || s.WorkingDirectory != filepath.Join(root, "work") {
		t.Errorf("paths: %+v", s)
	}
	if want := []string{"--a", "one", "two", "x", filepath.Join(root, "bin", "main.js"), "last"}; !slices.Equal(s.Arguments, want) {
		t.Errorf("arguments %q, want %q", s.Arguments, want)
	}
	if s.FunctionTimeout != 0 || s.InitializationTimeout != 5*time.Second || s.ErrorsOnly || s.RoutePrefix != "" {
		t.Errorf("settings: %+v", s)
	}
	if route := app.Functions[0].HTTP.Route; route != "f" {
		t.Errorf("route without prefix = %q", route)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	host := func(from, to string) func(map[string]string) {
		return func(f map[string]string) { f["host.json"] = strings.Replace(f["host.json"], from, to, 1) }
	}
	file := func(name, content string) func(map[string]string) {
		return func(f map[string]string) { f[name] = content }
	}
	tick := func(from, to string) func(map[string]string) {
		return func(f map[string]string) {
			f["Tick/function.json"] = strings.Replace(f["Tick/function.json"], from, to, 1)
		}
	}
	out := `{"type":"http","direction":"out","name":"res"}`
	in := `{"type":"httpTrigger","direction":"in","name":"req"}`
	tests := []struct {
		name string
		edit func(map[string]string)
		want string
	}{
		{"no host.json", func(f map[string]string) { delete(f, "host.json") }, "host.json"},
		{"bad host.json", file("host.json", "{"), "host.json: not valid JSON"},
		{"version", host(`"2.0"`, `"1.0"`), `version is "1.0"`},
		{"no custom handler", file("host.json", `{"version":"2.0"}`), "defaultExecutablePath is required"},
		{"type", host(`"enableForwardingHttpRequest"`, `"type":"grpc","enableForwardingHttpRequest"`), "the host knows only http"},
		{"proxy mode", host(`"enableForwardingHttpRequest"`, `"enableProxyingHttpRequest":true,"enableForwardingHttpRequest"`), "not implemented"},
		{"generated routes", host(`"enableForwardingHttpRequest"`, `"http":{"routes":[{"route":"x"}]},"enableForwardingHttpRequest"`), "excludes function.json"},
		{"profile", host(`{`, `{"configurationProfile":"mcp-custom-handler",`), "configurationProfile"},
		{"httpWorker", host(`{`, `{"httpWorker":{"description":{"defaultExecutablePath":"x"}},`), "deprecated"},
		{"time-out", host(`{`, `{"functionTimeout":"5m",`), "functionTimeout"},
		{"zero time-out", host(`{`, `{"functionTimeout":"00:00:00",`), "functionTimeout must be more than zero"},
		{"initialization", host(`"enableForwardingHttpRequest"`, `"initializationTimeout":"00:00:00","enableForwardingHttpRequest"`), "must be more than zero"},
		{"flag", host(`true`, `"yes"`), "must be true or false"},
		{"missing executable", host(`"defaultExecutablePath":"`, `"defaultExecutablePath":"nothing`), "build the handler into the app's root"},
		{"executable is a folder", host(`"defaultExecutablePath":"`, `"defaultExecutablePath":"Echo","x":"`), "is not a file"},
		{"no forwarding", host(`"enableForwardingHttpRequest":true`, `"enableForwardingHttpRequest":false`), "without customHandler.enableForwardingHttpRequest"},

		{"nested", file("functions/Deep/function.json", "{}"), "functions/Deep/function.json: the host finds functions only in direct children"},
		{"at the root", file("function.json", "{}"), "only in direct children"},
		{"name", file("9lives/function.json", "{}"), `"9lives" is no function name`},
		{"reserved name", file("HOST/function.json", "{}"), `"HOST" is no function name`},
		{"long name", file("a"+strings.Repeat("b", 128)+"/function.json", "{}"), "is no function name"},
		{"no functions", func(f map[string]string) {
			maps.DeleteFunc(f, func(k, _ string) bool { return k != "host.json" })
		}, "has no function"},

		{"bad JSON", file("Tick/function.json", "{"), "Tick/function.json: not valid"},
		{"two documents", file("Tick/function.json", timerFunction(never, "")+"{}"), "text after the document"},
		{"unknown member", file("Tick/function.json", `{"bindings":[],"retry":{}}`), `unknown field "retry"`},
		{"unknown binding", file("Tick/function.json", `{"bindings":[{"type":"queueTrigger"}]}`), `type "queueTrigger" is not supported`},
		{"binding of another kind", file("Tick/function.json", `{"bindings":[1]}`), "bindings[0]: not valid"},
		{"unknown member of a binding", tick(`"schedule"`, `"scheduel":"x","schedule"`), `timerTrigger does not know "scheduel"`},
		{"direction", tick(`"in"`, `"out"`), `direction "out", must be "in"`},
		{"binding name", tick(`"tick"`, `"ti ck"`), "must be letters and digits"},
		{"no trigger", file("Tick/function.json", `{"bindings":[]}`), "has 0 triggers"},
		{"two triggers", file("Tick/function.json", `{"bindings":[`+in+`,`+in+`,`+out+`]}`), "has 2 triggers"},
		{"no output", file("Tick/function.json", `{"bindings":[`+in+`]}`), "has 0 http outputs"},
		{"two outputs", file("Tick/function.json", `{"bindings":[`+in+`,`+out+`,`+out+`]}`), "has 2 http outputs"},
		{"timer with output", tick(`]}`, `,`+out+`]}`), "not supported"},
		{"auth level", file("Tick/function.json", httpFunction("x", "system", "")), `authLevel is "system"`},
		{"method", file("Tick/function.json", httpFunction("x", "admin", `"fetch"`)), `"FETCH" is no HTTP method`},
		{"route", file("Tick/function.json", httpFunction("a/{*b}/c", "admin", "")), "must be the last segment"},
		{"schedule", tick(never, "61 * * * * *"), "second"},
		{"no schedule", tick(never, ""), "has 0 fields"},
		{"setting", tick(never, "%SWEEP%"), "add the app setting SWEEP"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			files := appFiles(t)
			tt.edit(files)
			writeFiles(t, root, files)
			_, err := Load(root, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error = %v, want one line that says %q", err, tt.want)
			}
		})
	}
}

func TestNamesThatDifferByCase(t *testing.T) {
	t.Parallel()
	if err := checkNames([]string{"A", "Tick", "TICK"}); err == nil || !strings.Contains(err.Error(), "one name to the host") {
		t.Errorf("error = %v", err)
	}
}

func TestExecuteBit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "handler")
	writeFiles(t, filepath.Dir(path), map[string]string{"handler": "x"})
	_, err := findExecutable(path)
	if refused := err != nil; refused != (runtime.GOOS != "windows") {
		t.Errorf("a file without execute bit: %v", err)
	}
	if err != nil && !strings.Contains(err.Error(), "no execute bit") {
		t.Errorf("error = %v", err)
	}
}

func FuzzParseFunction(f *testing.F) {
	f.Add([]byte(httpFunction("x/{id:guid}", "admin", `"get"`)))
	f.Add([]byte(timerFunction("%S%", `,"useMonitor":false`)))
	f.Fuzz(func(t *testing.T, document []byte) {
		function, err := parseFunction("F", document, "api", true, map[string]string{"S": "*/5 * * * *"})
		if err == nil && (function.HTTP == nil) == (function.Timer == nil) {
			t.Errorf("not exactly one trigger: %+v", function)
		}
	})
}
