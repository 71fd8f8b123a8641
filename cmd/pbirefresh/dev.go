package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"pbirefresh/cli"
	"pbirefresh/handler"
	"pbirefresh/internal/stage"
	"pbirefresh/local/azurite"
	"pbirefresh/local/funchost"
	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

// devCommand runs the real program against emulators: it builds and stages the app, starts
// emulators of Power BI, Entra, managed identity, Key Vault and the Functions host, and
// refreshes one model through the HTTP API.
func devCommand(env cli.Environment) *cobra.Command {
	var once, azurite bool
	var addr, policy string
	cmd := &cobra.Command{
		Use: "dev", Short: "Refresh a model end to end on this machine, then keep serving", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return dev(cmd.Context(), env, addr, policy, once, azurite)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "end after the first refresh")
	cmd.Flags().BoolVar(&azurite, "azurite", false, "keep the state in Azurite, a real blob service, instead of in memory")
	cmd.Flags().StringVar(&policy, "policy", "", "policy `file` of the app, see access/policy.schema.json (default: every caller may do everything)")
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:7071", "`address` of the app; another port is taken if it is in use")
	return cmd
}

func dev(ctx context.Context, env cli.Environment, addr, policy string, once, azurite bool) error {
	s := &session{env: env, timeline: newTimeline(), ticker: newTicker(env.Stderr), schedules: !once, policy: policy}
	defer s.close()
	if err := s.start(ctx, addr, azurite); err != nil {
		return err
	}
	if err := s.firstRefresh(ctx); err != nil {
		return err
	}
	if once {
		return nil
	}
	s.explain()
	s.ticker.watch()
	select {
	case <-ctx.Done():
		return nil
	case <-s.host.Done():
		return fmt.Errorf("the host stopped: %w", s.host.Err())
	}
}

// session is a running set of emulators with the app among them.
type session struct {
	env      cli.Environment
	timeline *timeline
	ticker   *ticker
	// schedules: with a schedule that refreshes a model every minute
	schedules bool
	policy    string // its file, "" for none
	world     *sim.World
	blobs     *azurite.Server
	host      *funchost.Host
	client    *handler.Client
}

// step prints how long a part of the start took.
func (s *session) step(what string, do func() error) error {
	began := time.Now()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	fmt.Fprintf(s.env.Stderr, "  %-46s %6s\n", what, time.Since(began).Round(time.Millisecond))
	return nil
}

func (s *session) start(ctx context.Context, addr string, real bool) error {
	root, err := findRoot()
	if err != nil {
		return err
	}
	dist := filepath.Join(root, "dist")
	fmt.Fprintln(s.env.Stderr, "starting")
	steps := []struct {
		what string
		do   func() error
	}{
		{"build the custom handler, stage dist/", func() error { return s.stage(ctx, root, dist) }},
		{"start Power BI, Entra ID, Key Vault (emulators)", s.startWorld},
		{"start Azurite (real blob service)", func() (err error) { s.blobs, err = azurite.Start(ctx, ""); return err }},
		{"start the Functions host (a fake), the app", func() error { return s.startHost(ctx, root, dist, addr) }},
	}
	for i, step := range steps {
		if i == 2 && !real {
			continue
		}
		if err := s.step(step.what, step.do); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) stage(ctx context.Context, root, dist string) error {
	exe := filepath.Join(root, "build", "dev", executable(runtime.GOOS))
	if err := buildProgram(ctx, root, handlerProgram, exe, "dev", runtime.GOOS, runtime.GOARCH, s.env); err != nil {
		return err
	}
	return stage.Stage(root, dist, exe)
}

func (s *session) startWorld() (err error) {
	s.world, err = sim.Start(sim.WorldOptions{Options: sim.Options{OnEvent: s.timeline.fromWorld}})
	return err
}

func (s *session) startHost(ctx context.Context, root, dist, addr string) error {
	settings, err := s.settings(root)
	if err != nil {
		return err
	}
	host, err := funchost.Start(ctx, funchost.Options{
		Root: dist, Addr: freeAddr(ctx, addr, s.env.Stderr), Env: settings, Environ: s.env.Environ, OnLine: s.heard,
	})
	if err != nil {
		return err
	}
	s.host = host
	s.client = &handler.Client{BaseURL: host.URL(), Key: host.FunctionKey()}
	if err := host.WaitReady(ctx); err != nil || !s.schedules {
		return err
	}
	return host.Fire(ctx, "RefreshSchedule") // the schedule counts from its first tick: not a minute from now
}

// settings are the app's.
func (s *session) settings(root string) (settings map[string]string, err error) {
	settings = s.world.Env()
	if s.schedules {
		if settings["SCHEDULES_FILE"], err = writeDemoSchedules(root); err != nil {
			return nil, err
		}
	}
	if s.policy != "" {
		if settings["POLICY_FILE"], err = filepath.Abs(s.policy); err != nil {
			return nil, err
		}
	}
	settings["STATE_STORAGE"] = "memory"
	if s.blobs != nil {
		settings["STATE_STORAGE"] = s.blobs.ConnectionString()
	}
	settings["SWEEP_SCHEDULE"] = "*/30 * * * * *"
	settings["SETTLE_WINDOW"] = "30s"
	settings["LOG_LEVEL"] = "debug" // the timeline shows polls and leases
	return settings, nil
}

func (s *session) heard(l funchost.Line) {
	s.timeline.fromHandler(l)
	s.ticker.heard(l)
}

// freeAddr returns addr, or the same host with any port if that one cannot be used, which it
// prints: a request to the usual port would reach another program.
func freeAddr(ctx context.Context, addr string, log io.Writer) string {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", addr)
	if err == nil {
		_ = l.Close()
		return addr
	}
	host, _, bad := net.SplitHostPort(addr)
	if bad != nil {
		return addr
	}
	fmt.Fprintf(log, "  %s cannot be used, another port is taken (%v)\n", addr, err)
	return net.JoinHostPort(host, "0")
}

// firstRefresh refreshes the sales model as any caller would.
func (s *session) firstRefresh(ctx context.Context) error {
	model := sim.Sales()
	body, err := json.Marshal(map[string]string{"workspaceId": model.Workspace, "datasetId": model.Model})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.env.Stderr, "\nPOST %s/api/refreshes\n     %s\n", s.host.URL(), body)
	s.timeline.begin()
	doc, err := s.client.Trigger(ctx, body)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.env.Stderr, "202  %s\n\n", doc.StatusURL)
	doc, err = cli.Watch(ctx, s.client, doc.StatusURL, s.env)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.env.Stderr, "\nwhat happened")
	s.timeline.print(s.env.Stderr)
	fmt.Fprintln(s.env.Stderr, "\nthe status document")
	if err := cli.PrintJSON(s.env.Stdout, doc); err != nil {
		return err
	}
	if doc.Status != machine.StatusSucceeded {
		return errors.New("the refresh ended as " + string(doc.Status))
	}
	return nil
}

func (s *session) close() {
	if s.host != nil {
		_ = s.host.Close()
	}
	if s.blobs != nil {
		_ = s.blobs.Close()
	}
	if s.world != nil {
		_ = s.world.Close()
	}
}

// explain prints lines to paste into another shell.
func (s *session) explain() {
	model := sim.Sales()
	control := s.world.ControlURL + "models/" + model.Workspace + "/" + model.Model
	fmt.Fprintf(s.env.Stdout, explanation, s.host.URL(), s.host.URL(), s.host.FunctionKey(), model.Workspace, model.Model,
		s.host.MasterKey(), control, control, s.world.ControlURL, s.world.ControlURL,
		model.Workspace, model.Model)
}

const explanation = `
still serving; Ctrl-C ends it. In a browser, with the key below: %s/api/dashboard
In another shell:

  export PBIREFRESH_URL=%s PBIREFRESH_KEY=%s
  BODY='{"workspaceId":"%s","datasetId":"%s"}'

  # ask for a refresh, and keep the answer
  ANSWER=$(curl -sS -X POST "$PBIREFRESH_URL/api/refreshes" -H "x-functions-key: $PBIREFRESH_KEY" \
    -H 'Content-Type: application/json' -d "$BODY"); echo "$ANSWER"
  member() { echo "$ANSWER" | sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }

  # its status (202 until it ends, 200 Succeeded, 409 Failed), or wait for the end
  curl -sS -i "$(member statusUrl)"; echo
  curl -sS -i "$(member statusUrl)&wait=30"; echo

  # the same by its id, which is no secret, with the key
  curl -sS -i "$PBIREFRESH_URL/api/operations/$(member id)" -H "x-functions-key: $PBIREFRESH_KEY"; echo

  # request another one, and cancel it before it ends (410 if it has ended)
  curl -sS -i -X POST "$(member terminatePostUri)" -H "x-functions-key: $PBIREFRESH_KEY"; echo

  # or cancel it for everybody who shares it: another right, another key
  curl -sS -i -X POST "$PBIREFRESH_URL/api/operations/$(member id)/cancel-all" -H 'x-functions-key: %s'; echo

  # make the model busy with a refresh of another tool, or let the next refresh fail; then request one
  curl -sS -X POST '%s/busy?for=20s'
  curl -sS -X POST '%s/fail-next?class=credentials'

  # what is scheduled: a refresh every minute, as build/dev/schedules.json says
  curl -sS "$PBIREFRESH_URL/api/schedules" -H "x-functions-key: $PBIREFRESH_KEY"; echo

  # throttle Power BI for 20 seconds; everything else that the emulators can do
  curl -sS -X POST '%sthrottle?retryAfter=20'
  curl -sS %s

  # the same with the command line. Get it: go install ./cmd/pbirefresh, or a file of a release (docs/cli.md)
  pbirefresh refresh %s %s

`
