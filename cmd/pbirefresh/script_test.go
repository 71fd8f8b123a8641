package main

import (
	"encoding/json"
	"errors"

	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"pbirefresh/cli"
	"pbirefresh/internal/stage"
	"pbirefresh/local/azurite"
	"pbirefresh/local/funchost"
	"pbirefresh/local/sim"
)

// TestMain makes this test binary the programs of the scripts as well.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pbirefresh": main, "az": fakeAzureCLI, "url": func() { fmt.Println(os.Args[1]) }}) //nolint:forbidigo // a program of the scripts
}

// TestScripts runs the stories in testdata/script: each is a person at a shell with the
// real program, the staged app behind the fake host, Azurite, and the emulators.
//
// Besides the commands of testscript there are
//
//	exits CODE ARGS...       pbirefresh ARGS, which must end with this code
//	sim PATH                 POST to the control plane; sim model/PATH is about the story's model
//	member NAME VARIABLE     a member of the JSON on standard output, as a variable
//	error TEXT               the last error is one line "pbirefresh: ..." with this text
func TestScripts(t *testing.T) {
	t.Parallel()
	s := startStage(t)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"), Setup: s.setup, RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "sim": control, "member": member, "error": lastError},
	})
}

// theStage is what all stories share. Each story has a model of its own.
type theStage struct {
	world *sim.World
	host  *funchost.Host
	state map[string]string // the settings of the state storage
}

func startStage(t *testing.T) *theStage {
	t.Helper()
	world, err := sim.Start(sim.WorldOptions{Options: sim.Options{Duration: 200 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = world.Close() })
	s := &theStage{world: world, state: map[string]string{
		"STATE_STORAGE": azurite.Shared(t).ConnectionString(), "STATE_CONTAINER": azurite.NewContainer(), "AUDIT_CONTAINER": azurite.NewContainer()}}
	s.startHost(t, stagedApp(t))
	return s
}

// stagedApp builds and stages the app as `make package` does.
func stagedApp(t *testing.T) (dist string) {
	t.Helper()
	root, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	exe := filepath.Join(dir, executable(runtime.GOOS))
	env := cli.Environment{Environ: os.Environ(), Stdout: io.Discard, Stderr: io.Discard}
	if err := buildProgram(t.Context(), root, handlerProgram, exe, "test", runtime.GOOS, runtime.GOARCH, env); err != nil {
		t.Fatal(err)
	}
	dist = filepath.Join(dir, "dist")
	if err := stage.Stage(root, dist, exe); err != nil {
		t.Fatal(err)
	}
	return dist
}

// yearly is a schedule that runs no refresh while the stories run.
const yearly = `{"schedules": {"yearly": {"workspaceId": "` + sim.WorkspaceID + `", "datasetId": "` + sim.FinanceModel + `", "cron": "0 0 1 1 *"}}}`

func (s *theStage) startHost(t *testing.T, dist string) {
	t.Helper()
	schedules := filepath.Join(t.TempDir(), "schedules.json")
	if err := os.WriteFile(schedules, []byte(yearly), 0o600); err != nil {
		t.Fatal(err)
	}
	env := s.world.Env()
	for name, value := range s.state {
		env[name] = value
	}
	env["SWEEP_SCHEDULE"], env["SCHEDULES_FILE"] = "0 0 0 1 1 *", schedules
	host, err := funchost.Start(t.Context(), funchost.Options{Root: dist, Env: env, Environ: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Close() })
	if err := errors.Join(host.WaitReady(t.Context()), host.Fire(t.Context(), "RefreshSchedule")); err != nil {
		t.Fatal(err)
	}
	s.host = host
}

// setup gives a story its model, its profiles and the addresses.
func (s *theStage) setup(env *testscript.Env) error {
	ref := sim.Ref{Workspace: sim.WorkspaceID, Model: newID()}
	if err := s.world.PowerBI.AddModel(ref, "Story", sim.Knobs{Duration: 200 * time.Millisecond}); err != nil {
		return err
	}
	own, principal := newID(), newID() // a workspace that the person administers, and an application
	s.world.PowerBI.AddWorkspace(sim.Workspace{ID: own, Name: "Own"})
	if err := s.world.PowerBI.Grant(own, sim.ClientID, sim.RoleAdmin); err != nil {
		return err
	}
	s.world.Entra.AddApp(sim.TenantID, principal)
	token, expires, err := s.world.Token()
	if err != nil {
		return err
	}
	for name, value := range s.world.Env() {
		if name == "SSL_CERT_FILE" || name == "POWERBI_API_URL" {
			env.Setenv(name, value)
		}
	}
	for name, value := range s.state {
		env.Setenv(name, value)
	}
	for name, value := range map[string]string{
		"PBIREFRESH_URL": s.host.URL(), "PBIREFRESH_KEY": s.host.FunctionKey(), "MASTER": s.host.MasterKey(),
		"PBIREFRESH_PROFILES": filepath.Join(env.WorkDir, "home", "profiles.json"), "W": ref.Workspace, "D": ref.Model, "MODEL": ref.Workspace + "/" + ref.Model,
		"OWN": own, "PRINCIPAL": s.world.Entra.ObjectID(sim.TenantID, principal),
		"CONTROL": s.world.ControlURL, "PERSON": token, "PERSON_UNTIL": strconv.FormatInt(expires.Unix(), 10),
		"AZURE_TOKEN_CREDENTIALS": "AzureCLICredential", "OTHER_CONTAINER": azurite.NewContainer(),
	} {
		env.Setenv(name, value)
	}
	return nil
}

// exits runs pbirefresh, which must end with a code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits CODE ARGS...")
	}
	err := ts.Exec("pbirefresh", args[1:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// control calls the control plane of the emulators.
func control(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sim PATH")
	}
	path := args[0]
	if rest, ok := strings.CutPrefix(path, "model/"); ok {
		path = "models/" + ts.Getenv("MODEL") + "/" + rest
	}
	resp, err := http.Post(ts.Getenv("CONTROL")+path, "", nil) //nolint:noctx // a loopback address of the test
	ts.Check(err)
	defer func() { _ = resp.Body.Close() }()
	if text, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		ts.Fatalf("%s: %s %s %v", path, resp.Status, text, err)
	}
}

// member keeps a member of the JSON object on standard output.
func member(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: member NAME VARIABLE")
	}
	members := map[string]any{}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &members))
	if members[args[0]] == nil {
		ts.Fatalf("no member %s", args[0])
	}
	ts.Setenv(args[1], fmt.Sprint(members[args[0]]))
}

// lastError checks the error that a command ended with: one line, after which nothing is
// printed.
func lastError(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: error TEXT")
	}
	stderr := ts.ReadFile("stderr")
	_, text, found := strings.Cut("\n"+stderr, "\npbirefresh: ")
	if !found || strings.Count(text, "\n") != 1 || !strings.Contains(text, args[0]) {
		ts.Fatalf("no line with pbirefresh: ... %s at the end of %q", args[0], stderr)
	}
}

// fakeAzureCLI is az of a person who is signed in: it prints a token of the emulators.
// What it was asked for is in the file $AZ_LOG.
func fakeAzureCLI() {
	line := strings.Join(os.Args, " ") + "\n"
	if path := os.Getenv("AZ_LOG"); path != "" {
		if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
			panic(err)
		}
	}
	if os.Getenv("PERSON") == "" {
		fmt.Fprintln(os.Stderr, "Please run 'az login' to setup account.")
		os.Exit(1)
	}
	until, err := strconv.ParseInt(os.Getenv("PERSON_UNTIL"), 10, 64)
	if err != nil {
		panic(err)
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"accessToken": os.Getenv("PERSON"), "expires_on": until,
		"expiresOn": time.Unix(until, 0).Format("2006-01-02 15:04:05.000000"), "tokenType": "Bearer"})
}

var ids atomic.Int64

// newID is a GUID that nothing else has.
func newID() string {
	n := ids.Add(1)
	return fmt.Sprintf("5707e000-0000-4000-8000-%012d", n)
}
