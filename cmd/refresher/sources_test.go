package main

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// uses returns what a file takes from packages: "os.Getenv", "time.Now".
func uses(t *testing.T, path string) (imports []string, selectors map[string]bool) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		imports = append(imports, name)
	}
	selectors = map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				selectors[x.Name+"."+s.Sel.Name] = true
			}
		}
		return true
	})
	return imports, selectors
}

// The state machine decides by what it is told, so that every decision can be
// replayed. What would make it depend on anything else is kept out.
func TestTheCoreIsPure(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, path := range sources(t, "refresh/machine") {
		seen++
		imports, selectors := uses(t, path)
		for _, name := range imports {
			if first, _, _ := strings.Cut(name, "/"); (first == "pbirefresh" || strings.Contains(first, ".")) && name != "pbirefresh/refresh/machine/pace" {
				t.Errorf("%s imports %s: the core is the standard library only", path, name)
			}
			for _, forbidden := range []string{"context", "net", "os", "io", "math/rand", "crypto/rand", "sync", "log", "runtime", "unsafe", "testing"} {
				if within(name, forbidden) {
					t.Errorf("%s imports %s: the core does no I/O, waits for nobody and draws no lots", path, name)
				}
			}
		}
		for _, forbidden := range []string{"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.NewTimer", "time.NewTicker", "time.Tick", "time.Local"} {
			if selectors[forbidden] {
				t.Errorf("%s uses %s: time comes with the event, on the storage service's clock", path, forbidden)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d files were looked at", seen)
	}
}

// Settings are read in one place. The stand-ins hand a whole environment on.
func TestOnlyCommandsReadTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, path := range sources(t, ".") {
		folder := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), filepath.FromSlash(root+"/")))
		_, selectors := uses(t, path)
		for _, name := range []string{"os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv", "syscall.Getenv"} {
			switch {
			case !selectors[name]:
			case folder == "cmd/refresher" && (filepath.Base(path) != "main.go" || name != "os.Getenv"):
				t.Errorf("%s uses %s: main hands os.Getenv to run, and nobody else may look", path, name)
			case strings.HasPrefix(folder, "cmd/"), strings.HasPrefix(folder, "local/"):
			default:
				t.Errorf("%s uses %s: settings are read in cmd only, so that everything else can be tested with any", path, name)
			}
		}
	}
}

// askedNames are all names that the program looks up, whatever the others say.
func askedNames(t *testing.T) []string {
	t.Helper()
	all := map[string]bool{}
	for _, changes := range []map[string]string{
		nil, {"STATE_STORAGE": "-"}, {"STATE_STORAGE": "-", "AzureWebJobsStorage": connection}, {"PUBLIC_BASE_URL": "https://app"},
		{"POWERBI_AUTH": "x", "POWERBI_CLOUD": "x", "MAX_WAIT": "x"},
	} {
		e := environ(t, changes)
		ctx, stop := context.WithCancel(t.Context())
		stop() // it has asked for all before it serves
		if err := run(ctx, e.get, io.Discard, io.Discard); err != nil {
			t.Fatal(err)
		}
		maps.Copy(all, e.asked)
	}
	return slices.Sorted(maps.Keys(all))
}

var (
	settingRow  = regexp.MustCompile("(?m)^\\| (`[A-Z][^|]*`) \\|")
	settingName = regexp.MustCompile("`([A-Z][A-Za-z_]*)`")
)

// documented returns the settings in the tables of docs/settings.md, and those of the platform.
func documented() []string {
	page, err := os.ReadFile(filepath.Join(root, "docs", "settings.md"))
	if err != nil {
		panic(err)
	}
	names := platform()
	for _, row := range settingRow.FindAllSubmatch(page, -1) {
		for _, name := range settingName.FindAllSubmatch(row[1], -1) {
			names = append(names, string(name[1]))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// platform are the names that the host and App Service set.
func platform() []string {
	return []string{"FUNCTIONS_CUSTOMHANDLER_PORT", "WEBSITE_HOSTNAME", "WEBSITE_AUTH_ENABLED", "AzureWebJobsStorage", "AzureWebJobsStorage__blobServiceUri", "AzureWebJobsStorage__accountName"}
}

func TestOnlyDocumentedSettingsAreRead(t *testing.T) {
	t.Parallel()
	if got, want := askedNames(t), documented(); !slices.Equal(got, want) {
		t.Errorf("the program asks for\n%v\nwant\n%v\n(a name that is not documented is a hidden mode)", got, want)
	}
}

// The strings of the sources name no other setting either, such as one that is
// asked for only when another is set.
func TestSourcesNameOnlyDocumentedSettings(t *testing.T) {
	t.Parallel()
	// SSL_CERT_FILE is Go's own name, read here where Go does not.
	known := map[string]bool{"__blobServiceUri": true, "__accountName": true, "SSL_CERT_FILE": true}
	for _, name := range documented() {
		known[name] = true
	}
	for _, path := range sources(t, "cmd/refresher") {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				for _, name := range lookedUp(call) {
					if !known[name] {
						t.Errorf("%s looks up %q, which is not documented", path, name)
					}
				}
			}
			return true
		})
	}
}

// lookedUp are the literals in a call of getenv or of a reader's method.
func lookedUp(call *ast.CallExpr) []string {
	method := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		method = f.Name
	case *ast.SelectorExpr:
		method = f.Sel.Name
	}
	if !slices.Contains([]string{"getenv", "get", "required", "optional", "duration", "needed", "vaultName", "rate"}, method) || len(call.Args) == 0 {
		return nil
	}
	var names []string
	ast.Inspect(call.Args[0], func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if name, err := strconv.Unquote(lit.Value); err == nil {
				names = append(names, name)
			}
		}
		return true
	})
	return names
}

// The example has what a person may set, all of it, and can be used as it is.
func TestExampleSettings(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(root, "local.settings.json.example"))
	if err != nil {
		t.Fatal(err)
	}
	var example struct {
		IsEncrypted bool
		Values      map[string]string
	}
	if err := json.Unmarshal(b, &example); err != nil {
		t.Fatal(err)
	}
	want := []string{"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"}
	for _, name := range documented() {
		if !slices.Contains(platform(), name) {
			want = append(want, name)
		}
	}
	got := slices.Sorted(maps.Keys(example.Values))
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("the example has\n%v\nwant\n%v", got, want)
	}
	s, err := readSettings(func(name string) string { return example.Values[name] })
	if err != nil {
		t.Fatalf("the example itself is wrong: %v", err)
	}
	if fmt.Sprintf("%s %s %t", s.secretName, s.baseURL, s.storage.memory) != "powerbi-client-secret http://localhost:7071 true" {
		t.Errorf("%+v", s)
	}
	defaults := mustRead(t, map[string]string{"POWERBI_TENANT_ID": s.tenantID, "POWERBI_CLIENT_ID": s.clientID, "KEY_VAULT_URL": s.vaultURL, "PUBLIC_BASE_URL": s.baseURL, "SWEEP_SCHEDULE": "x"})
	if fmt.Sprintf("%+v", s) != fmt.Sprintf("%+v", defaults) {
		t.Errorf("what the example shows as default is none:\n%+v\n%+v", s, defaults)
	}
}
