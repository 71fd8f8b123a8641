package checks

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// wrongCall returns what is wrong with a command that stands in a guide.
func wrongCall(t *testing.T, call []string) string {
	t.Helper()
	switch call[0] {
	case "az":
		return wrongAz(call[1:])
	case "tofu":
		return wrongTofu(t, call[1:])
	case "make":
		if !strings.Contains(string(tree(t)["Makefile"]), "\n"+call[1]+":") {
			return "there is no such target"
		}
	case "go":
		if len(call) < 4 || call[1] != "run" || call[2] != "./cmd/pbirefresh" {
			return "it must be go run ./cmd/pbirefresh"
		}
		return wrongOwn(call[3:])
	case "curl":
		return wrongCurl(t, call[1:])
	case "azcopy":
		return wrongOptions(call[1:], "copy", "--recursive --overwrite")
	case "gh":
		return wrongOptions(call[1:], "release download", "--pattern --dir --clobber")
	case "azd":
		return wrongOptions(call[1:], "up|env new|env set|config set", "--subscription --location")
	}
	return ""
}

// wrongOptions: one of the commands, with options of that list (documented).
func wrongOptions(args []string, commands, options string) string {
	said := strings.Join(args, " ") + " "
	if !slices.ContainsFunc(strings.Split(commands, "|"), func(c string) bool { return strings.HasPrefix(said, c+" ") }) {
		return "there is no such command"
	}
	for _, a := range args {
		if strings.HasPrefix(a, "--") && !slices.Contains(strings.Fields(options), a) {
			return "there is no option " + a
		}
	}
	return ""
}

func wrongTofu(t *testing.T, args []string) string {
	t.Helper()
	if args[0] != "-chdir=infra" {
		return "it needs -chdir=infra"
	}
	switch args[1] {
	case "init", "apply", "plan", "destroy":
	case "output":
		return "names are found by tag, with az alone"
	case "state":
		c, err := tree(t).Config()
		if err != nil {
			return err.Error()
		}
		if name, _, _ := strings.Cut(args[3], "["); c.Resources[name] == nil || args[2] != "rm" {
			return "there is no such resource"
		}
	default:
		return "there is no such command"
	}
	return ""
}

// wrongAz: the commands of the Azure CLI that are used, with their options, from its
// reference (documented), written down here a second time.
func wrongAz(args []string) string {
	known := map[string]string{
		"account show":                                 "--query --output",
		"account get-access-token":                     "--resource --query --output",
		"ad app create":                                "--display-name --requested-access-token-version --query --output",
		"ad app update":                                "--id --identifier-uris",
		"resource list":                                "--tag --query --output",
		"resource show":                                "--ids --query --output",
		"ad app credential reset":                      "--id --append --display-name --years --query --output",
		"ad app credential list":                       "--id --query --output",
		"ad app credential delete":                     "--id --key-id",
		"ad app federated-credential create":           "--id --parameters",
		"ad sp create":                                 "--id",
		"ad signed-in-user show":                       "--query --output",
		"ad sp show":                                   "--id --query --output",
		"ad group create":                              "--display-name --mail-nickname",
		"ad group member add":                          "--group --member-id",
		"rest":                                         "--method --resource --url --body",
		"keyvault secret set":                          "--vault-name --name --value --expires --output",
		"functionapp keys list":                        "--resource-group --name --query --output",
		"functionapp config appsettings list":          "--resource-group --name --query --output",
		"functionapp stop":                             "--resource-group --name",
		"functionapp start":                            "--resource-group --name",
		"functionapp restart":                          "--resource-group --name",
		"functionapp deployment source config-zip":     "--resource-group --name --src",
		"monitor app-insights query":                   "--resource-group --app --offset --analytics-query",
		"storage container immutability-policy create": "--resource-group --account-name --container-name --period",
		"storage blob upload":                          "--auth-mode --account-name --container-name --name --file --overwrite",
	}
	var command []string
	for len(args) > 0 && !strings.HasPrefix(args[0], "--") {
		command, args = append(command, args[0]), args[1:]
	}
	options, ok := known[strings.Join(command, " ")]
	if !ok {
		return "the reference has no such command"
	}
	for i, a := range args {
		if strings.HasPrefix(a, "--") && !slices.Contains(strings.Fields(options), a) {
			return "the reference has no option " + a
		}
		if a == "--analytics-query" {
			if _, found := asked("the query", args[i+1]); len(found) > 0 {
				return found[0]
			}
		}
	}
	for _, needed := range strings.Fields(strings.ReplaceAll(options, "--query", "")) {
		if slices.Contains([]string{"--resource-group", "--name", "--src", "--file", "--vault-name", "--id", "--app", "--key-id"}, needed) && !slices.Contains(args, needed) {
			return needed + " is missing"
		}
	}
	return ""
}

// own is this project's command line, built once for all tests.
var own = sync.OnceValues(func() (func(args ...string) (string, error), error) {
	dir, err := filepath.Abs(filepath.Join(root, "build", "checks"))
	if err != nil {
		return nil, err
	}
	program := filepath.Join(dir, "pbirefresh")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	build := exec.Command("go", "build", "-o", program, "./cmd/pbirefresh")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	return func(args ...string) (string, error) {
		out, err := exec.Command(program, args...).CombinedOutput()
		return string(out), err
	}, nil
})

// wrongOwn asks the program itself what a command's options are.
func wrongOwn(args []string) string {
	words := 1
	if slices.Contains([]string{"schedule", "keys", "profile", "workspace"}, args[0]) {
		words = 2
	}
	run, err := own()
	if err != nil {
		return err.Error()
	}
	help, err := run(append(slices.Clone(args[:words]), "-h")...)
	if err != nil {
		return "there is no such command: " + help
	}
	for _, a := range args[words:] {
		if strings.HasPrefix(a, "-") && !regexp.MustCompile(`(?m)^ +(-\w, )?`+regexp.QuoteMeta(a)+`\b`).MatchString(help) {
			return "there is no option " + a
		}
	}
	return ""
}

// wrongCurl: what is called at the app is a route of it, with a key if that wants one.
func wrongCurl(t *testing.T, args []string) string {
	t.Helper()
	all, err := httpFunctions(tree(t))
	if err != nil {
		return err.Error()
	}
	for _, a := range args {
		_, path, ok := strings.Cut(a, "/api/")
		if !ok {
			continue
		}
		i := slices.IndexFunc(all, func(fn function) bool { return fn.route == "/api/"+path && slices.Contains(fn.methods, "get") })
		if i < 0 {
			return "there is no such route"
		}
		if keyed := slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "x-functions-key: ") }); all[i].level == "function" && !keyed {
			return "it wants a function key"
		}
		return ""
	}
	return "it calls no route"
}

// TestWrongCallsAreFound: what looks at the guides sees mistakes.
func TestWrongCallsAreFound(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]string{
		"az functionapp stop --name f":                                         "--resource-group is missing",
		"az functionapp stop --resource-group g --name f --yes":                "no option --yes",
		"az functionapp destroy":                                               "no such command",
		"az ad app credential delete --id a":                                   "--key-id is missing",
		"tofu -chdir=infra output -raw PBIREFRESH_URL":                         "with az alone",
		"tofu -chdir=infra state rm azurerm_x.y":                               "no such resource",
		"tofu apply":                                                           "-chdir=infra",
		"make all":                                                             "no such target",
		"go build ./cmd/pbirefresh":                                            "must be go run",
		"go run ./cmd/pbirefresh await x":                                      "no such command",
		"go run ./cmd/pbirefresh audit --since 24h":                            "no option --since",
		"go run ./cmd/pbirefresh schedule check --file x":                      "no option --file",
		"curl https://a/api/healthy":                                           "no such route",
		"curl https://a/api/health/ready":                                      "wants a function key",
		"azcopy move a b":                                                      "no such command",
		"gh release download v1 --output x":                                    "no option --output",
		"curl https://a/":                                                      "no route",
		"az monitor app-insights query --resource-group g --app a --offset 1h": "",
	} {
		if got := wrongCall(t, strings.Fields(call)); got == "" != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", call, got, want)
		}
	}
}
