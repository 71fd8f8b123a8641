package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// goList runs go list in the project's root and returns its lines.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// The production binary is what is tested, and nothing that tests are made of is
// in it.
func TestNoStandInsInTheBinary(t *testing.T) {
	t.Parallel()
	deps := goList(t, "-deps", "./cmd/refresher")
	if !slices.Contains(deps, "pbirefresh/refresh") || len(deps) < 100 {
		t.Fatalf("this is no list of dependencies: %v", deps)
	}
	for forbidden, reason := range map[string]string{
		"pbirefresh/local/sim":       "the binary has no test mode: stand-ins are other processes",
		"pbirefresh/local/funchost":  "the binary does not host itself",
		"pbirefresh/local/azurite":   "the binary has no test mode: storage is what the settings name",
		"pbirefresh/cli":             "the command line is another program",
		"github.com/spf13/cobra":     "the command line is another program",
		"pbirefresh/internal/stage":  "staging is the developer's business",
		"pbirefresh/lease/leasetest": "the conformance suite pulls in testing",
		"testing":                    "it registers flags and slows the start",
		"net/http/httptest":          "the binary has no test mode",
		"net/http/pprof":             "it adds routes to the default mux by being imported",
		"expvar":                     "it adds routes to the default mux by being imported",
	} {
		for _, dep := range deps {
			if dep == forbidden || strings.HasPrefix(dep, forbidden+"/") && strings.HasPrefix(forbidden, "pbirefresh/") {
				t.Errorf("cmd/refresher depends on %s: %s", dep, reason)
			}
		}
	}
}

// direction is what a package may import besides the standard library: packages
// with one of the prefixes. A prefix that ends in / covers what is below it only.
type direction struct {
	allowed []string
	reason  string
}

func directions() map[string]direction {
	const (
		azure = "github.com/Azure/azure-sdk-for-go/sdk/"
		guid  = "pbirefresh/internal/guid"
		text  = "pbirefresh/internal/foreign"
		json  = "pbirefresh/internal/httpjson"
		sync  = "golang.org/x/sync"
		wait  = "pbirefresh/internal/wait"
	)
	return map[string]direction{
		"refresh":              {[]string{"pbirefresh/lease", "pbirefresh/powerbi", "pbirefresh/refresh/", wait, sync}, "the domain knows its two ports, and no cloud, route or host"},
		"refresh/machine":      {[]string{"pbirefresh/refresh/machine/"}, "the state machine is the standard library and pace"},
		"refresh/machine/pace": {nil, "how long refreshes take is mathematics"},
		"doctor":               {[]string{"pbirefresh/keyvault", "pbirefresh/lease", "pbirefresh/powerbi", guid, text, azure + "azcore"}, "the doctor looks at what the app depends on, and knows no operation, route or host"},
		"handler":              {[]string{"pbirefresh/doctor", "pbirefresh/refresh", "pbirefresh/schedule", "pbirefresh/callback", "pbirefresh/powerbi", "pbirefresh/access", "pbirefresh/audit", "pbirefresh/history", "pbirefresh/dashboard", guid, json, sync, "golang.org/x/time/rate"}, "routes know operations, not documents, secrets or the host"},
		"schedule":             {[]string{"pbirefresh/refresh", "pbirefresh/lease", guid, json, "github.com/tailscale/hujson", sync}, "a schedule knows what it starts and where it keeps its place, and no cloud, route or host"},
		"callback":             {[]string{"pbirefresh/lease", wait, sync}, "a callback knows that something ends, and not what"},
		"audit":                {[]string{"pbirefresh/lease", wait, sync}, "records know where they are kept, and no domain, route or cloud"},
		"dashboard":            {nil, "the page is files, and knows no route"},
		"names":                {[]string{"pbirefresh/powerbi", text}, "names are for people: nothing is decided by one"},
		"history":              {[]string{"pbirefresh/audit", "pbirefresh/lease", sync}, "the index is made of records, and knows no domain, route or cloud"},
		"access":               {[]string{guid, json, text}, "who may do what is decided by nothing but what is known of the caller"},
		"powerbi":              {[]string{azure + "azcore", guid, text}, "the client knows the wire of Power BI and nothing else"},
		"keyvault": {[]string{azure + "azcore", azure + "azidentity", azure + "security/keyvault/azsecrets", "software.sslmate.com/src/go-pkcs12", sync, text},
			"a credential knows nothing of who uses it"},
		"lease":           {[]string{guid}, "the port is about bytes, and knows neither cloud nor domain"},
		"lease/bloblease": {[]string{"pbirefresh/lease", text, azure + "azcore", azure + "storage/azblob"}, "an adapter stands alone"},
		"lease/leasetest": {[]string{"pbirefresh/lease"}, "the suite tests any store"},
		"cli": {[]string{"pbirefresh/handler", "pbirefresh/doctor", "pbirefresh/refresh", "pbirefresh/schedule", "pbirefresh/audit", "pbirefresh/powerbi", "pbirefresh/lease", "pbirefresh/internal/lookup", "pbirefresh/docs", guid, text,
			azure + "azcore", azure + "azidentity", "github.com/spf13/cobra", "golang.org/x/term"}, "operators need no sources, emulators or stages"},
		"local/sim":        {[]string{"pbirefresh/local/sim/", wait}, "an independent reading of the API finds what a shared one would hide"},
		"internal/hostlog": {nil, "how the host reads lines has nothing to do with what they say"},
		"local/funchost": {[]string{"pbirefresh/internal/"},
			"a stand-in of the host that knows the app proves nothing about the app"},
		"local/azurite":     {[]string{"pbirefresh/internal/"}, "a test's storage knows nothing of what is stored"},
		"internal/stage":    {[]string{"pbirefresh/internal/"}, "staging is about files"},
		"internal/foreign":  {nil, "how text is shown has nothing to do with where it comes from"},
		"internal/httpjson": {nil, "how JSON is read has nothing to do with what it says"},
		"cmd/refresher": {[]string{"pbirefresh/doctor", "pbirefresh/handler", "pbirefresh/refresh", "pbirefresh/schedule", "pbirefresh/callback", "pbirefresh/access", "pbirefresh/audit", "pbirefresh/history", "pbirefresh/keyvault", "pbirefresh/lease", "pbirefresh/names", "pbirefresh/powerbi",
			"pbirefresh/internal/hostlog", guid, wait, azure + "azidentity", azure + "azcore"}, "the binary has no test mode"},
	}
}

func TestImportDirections(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, line := range goList(t, "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...") {
		words := strings.Fields(line)
		rule, ok := directions()[strings.TrimPrefix(words[0], "pbirefresh/")]
		if !ok {
			continue
		}
		seen++
		for _, imported := range words[1:] {
			first, _, _ := strings.Cut(imported, "/")
			if (first == "pbirefresh" || strings.Contains(first, ".")) && !slices.ContainsFunc(rule.allowed, func(prefix string) bool { return within(imported, prefix) }) {
				t.Errorf("%s imports %s: %s", words[0], imported, rule.reason)
			}
		}
	}
	if seen != len(directions()) {
		t.Errorf("%d packages were looked at, want %d: has one been renamed?", seen, len(directions()))
	}
}

func within(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, strings.TrimSuffix(prefix, "/")+"/")
}

// sources are the project's Go files below a folder, without tests.
func sources(t *testing.T, folder string) []string {
	t.Helper()
	return slices.DeleteFunc(goFiles(t, folder), func(path string) bool { return strings.HasSuffix(path, "_test.go") })
}

// goFiles are the project's Go files below a folder.
func goFiles(t *testing.T, folder string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{".git", "tools", "dist", "build", "testdata"}, entry.Name()) {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			files = append(files, path)
		}
		return nil
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files in %s, %v", len(files), folder, err)
	}
	return files
}
