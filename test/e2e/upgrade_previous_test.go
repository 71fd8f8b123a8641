package e2e

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/internal/stage"
	"pbirefresh/lease"
	"pbirefresh/lease/bloblease"
	"pbirefresh/local/sim"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// previousDist is the staged app of the last version that wrote schema 1, built from its
// own sources with today's modules.
var previousDist = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp(filepath.Dir(dist), "previous-")
	if err != nil {
		return "", err
	}
	sources, exe := filepath.Join(dir, "sources"), filepath.Join(dir, executable())
	if err := unzipSources(sources); err != nil {
		return "", err
	}
	if err := build(sources, exe, "previous"); err != nil {
		return "", err
	}
	root := filepath.Join(dir, "dist")
	olderAPI.Store(root, true)
	return root, stage.Stage(sources, root, exe)
})

func unzipSources(to string) error {
	archive, err := zip.OpenReader("testdata/previous.zip")
	if err != nil {
		return err
	}
	defer func() { _ = archive.Close() }()
	errs := []error{os.CopyFS(to, archive)}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		errs = append(errs, err, os.WriteFile(filepath.Join(to, name), text, 0o600))
	}
	return errors.Join(errs...)
}

// startVersion starts an instance of a version.
func startVersion(t *testing.T, version func() (string, error), world *sim.World, settings map[string]string) *app {
	t.Helper()
	root, err := version()
	if err != nil {
		t.Fatal(err)
	}
	return startAppFrom(t, root, world, settings, "")
}

func todaysDist() (string, error) { return dist, nil }

// document is the state document of a model, as it is.
func document(t *testing.T, settings map[string]string, ref sim.Ref) lease.Document {
	t.Helper()
	store, err := bloblease.New(bloblease.Options{ConnectionString: settings["STATE_STORAGE"], Container: settings["STATE_CONTAINER"]})
	if err != nil {
		t.Fatal(err)
	}
	name := "models/" + ref.Workspace + "/" + ref.Model + ".json"
	doc, err := store.Read(t.Context(), name)
	for range 5 { // the machine may be busy with other tests
		if !errors.Is(err, lease.ErrUnknown) {
			break
		}
		doc, err = store.Read(t.Context(), name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// An older version does not touch what it would lose or misjudge, whatever it is asked,
// and says so. The newer one finds everything as it was, and goes on.
func TestOlderVersionLeavesNewerDocumentsAlone(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string]struct {
		newer, older func() (string, error)
		code         string
	}{
		"previous and today": {todaysDist, previousDist, machine.CodeUnavailable},
		"today and next":     {demandingDist, todaysDist, machine.CodeNewerVersion},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, settings := newWorld(t), onAzurite(t)
			if err := world.PowerBI.Tune(sim.Sales(), func(k *sim.Knobs) { k.Duration = 2 * time.Second }); err != nil {
				t.Fatal(err)
			}
			newer := startVersion(t, pair.newer, world, settings)
			given := newer.trigger(body(sim.Sales()))
			newer.close()
			before := document(t, settings, sim.Sales())
			older := startVersion(t, pair.older, world, settings)
			older.leavesAlone(given, pair.code)
			older.close()
			if after := document(t, settings, sim.Sales()); after.Version != before.Version || string(after.Body) != string(before.Body) {
				t.Errorf("it has written the document:\n%s\n%s", before.Body, after.Body)
			}
			newer = startVersion(t, pair.newer, world, settings)
			if doc := newer.finish(newer.at(given.StatusURL)); doc.Status != machine.StatusSucceeded {
				t.Errorf("ended as %+v", doc)
			}
			if c := counters(t, world, sim.Sales()); c.Posts != 1 {
				t.Errorf("%d requests for one refresh", c.Posts)
			}
		})
	}
}

// leavesAlone asks for everything that would write.
func (a *app) leavesAlone(given handler.StatusDocument, code string) {
	a.t.Helper()
	calls := []struct{ method, path, body string }{{"POST", "/api/refreshes", body(sim.Sales())}}
	if code != machine.CodeUnavailable { // the previous version has URLs of another form
		calls = append(calls, []struct{ method, path, body string }{{"GET", a.at(given.StatusURL), ""}, {"POST", a.at(given.TerminatePostURI), ""}}...)
	}
	for _, c := range calls {
		resp, text := a.call(c.method, c.path, c.body)
		// The process that was ended may have had the lease, which then lasts for a while.
		for tries := 0; tries < 30 && code != machine.CodeUnavailable && resp.Header.Get("x-ms-error-code") == machine.CodeUnavailable; tries++ {
			<-time.After(2 * time.Second)
			resp, text = a.call(c.method, c.path, c.body)
		}
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || resp.Header.Get("x-ms-error-code") != code {
			a.t.Errorf("%s %s: %s %s", c.method, c.path, resp.Status, text)
		}
	}
	if err := a.host.Fire(a.t.Context(), "RefreshSweep"); err != nil {
		a.t.Error(err)
	}
	if !strings.Contains(a.log(), "newer version") {
		a.t.Errorf("it does not say why\n%s", a.log())
	}
}

// operation is the keyed URL of an operation of the document.
func (a *app) operation(t *testing.T, doc lease.Document, number int64) string {
	t.Helper()
	s, err := machine.Decode(doc.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.host.URL() + "/api/operations/" + refresh.ID{Model: s.Model, Epoch: s.Epoch, Number: number}.String()
}

// Today's version reads what the previous one began, and finishes it: what runs, what
// waits, and what had ended. The status URLs of that version, which was never released,
// have ended; the ids of its operations are in its documents.
func TestTodayFinishesWhatThePreviousBegan(t *testing.T) {
	t.Parallel()
	world, settings := newWorld(t), onAzurite(t)
	previous := startVersion(t, previousDist, world, settings)
	ended := previous.finish(previous.trigger(body(sim.Sales())).StatusURL)
	if err := world.PowerBI.Tune(sim.Sales(), func(k *sim.Knobs) { k.Duration = 3 * time.Second }); err != nil {
		t.Fatal(err)
	}
	running := previous.trigger(body(sim.Sales()))
	waiting := previous.trigger(body(sim.Sales()))
	if running.ID == waiting.ID || waiting.Phase == running.Phase {
		t.Fatalf("%s and %s: nothing waits", running.Phase, waiting.Phase)
	}
	previous.close()
	if schema := schemaOf(t, document(t, settings, sim.Sales())); schema != 1 {
		t.Fatalf("the previous version writes schema %d: this proves nothing", schema)
	}

	today := startApp(t, world, settings)
	state := document(t, settings, sim.Sales())
	if got := today.finish(today.operation(t, state, 1)); ending(got) != ending(ended) {
		t.Errorf("it ended as %s, and today's says %s", ending(ended), ending(got))
	}
	for _, number := range []int64{2, 3} {
		if doc := today.finish(today.operation(t, state, number)); doc.Status != machine.StatusSucceeded {
			t.Errorf("ended as %+v", doc)
		}
	}
	if c := counters(t, world, sim.Sales()); c.Accepted != 3 || c.MaxOverlap > 1 || c.RefusedByOwn > 0 {
		t.Errorf("three refreshes were promised: %+v", c)
	}
	if schema := schemaOf(t, document(t, settings, sim.Sales())); schema < machine.Schema {
		t.Errorf("it has still schema %d", schema)
	}
}

func schemaOf(t *testing.T, doc lease.Document) int {
	t.Helper()
	var head struct{ Schema int }
	if err := json.Unmarshal(doc.Body, &head); err != nil {
		t.Fatal(err)
	}
	return head.Schema
}
