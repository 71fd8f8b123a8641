package e2e

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pbirefresh/lease"
	"pbirefresh/lease/bloblease"
	"pbirefresh/local/sim"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// laps are the writes that the next version has logged. It counts them in a member of
// the document that today's version does not know: if a number comes twice, a write
// was lost in between.
type laps struct {
	r     *rollout
	store lease.Store
	seen  map[string]map[int64]bool // model -> numbers
}

// judgeLaps holds what the next version has written against what is in the storage after
// today's version has had the last word.
func judgeLaps(r *rollout) {
	r.t.Helper()
	store, err := bloblease.New(bloblease.Options{ConnectionString: r.settings["STATE_STORAGE"], Container: r.settings["STATE_CONTAINER"]})
	if err != nil {
		r.t.Fatal(err)
	}
	l := &laps{r: r, store: store, seen: map[string]map[int64]bool{}}
	for _, one := range r.ever {
		for line := range strings.Lines(one.log()) {
			l.hear(line)
		}
	}
	l.judge(r.t)
}

// hear reads a line of a handler.
func (l *laps) hear(line string) {
	var logged struct {
		Lap   int64
		LapOf string
	}
	if !strings.Contains(line, `"lapOf"`) || json.Unmarshal([]byte(line), &logged) != nil {
		return
	}
	if l.seen[logged.LapOf] == nil {
		l.seen[logged.LapOf] = map[int64]bool{}
	}
	if l.seen[logged.LapOf][logged.Lap] {
		l.r.t.Errorf("lost: write %d of %s came twice", logged.Lap, logged.LapOf)
	}
	l.seen[logged.LapOf][logged.Lap] = true
}

func (l *laps) judge(t *testing.T) {
	t.Helper()
	models, writes, archived := 0, 0, 0
	for _, ref := range l.r.models {
		last := l.last(ref)
		if last == 0 {
			continue
		}
		models++
		writes += len(l.seen[ref.Workspace+"/"+ref.Model])
		archived += l.kept(t, ref, last)
	}
	t.Logf("the next version wrote %d times, to %d models; %d of its operations are in the archive", writes, models, archived)
	if models < rolloutModels/2 || writes < 3*models {
		t.Error("the next version has hardly written: this run proves nothing")
	}
}

// last is the last number that was logged for a model.
func (l *laps) last(ref sim.Ref) (last int64) {
	for lap := range l.seen[ref.Workspace+"/"+ref.Model] {
		last = max(last, lap)
	}
	return last
}

// lapped is what the test knows of the next version's documents.
type lapped struct {
	Epoch string
	Laps  struct {
		Count      int64
		Operations []struct{ Number, Lap int64 }
	}
	Pending, Recent []lappedOperation
}

type lappedOperation struct{ Number, Lap int64 }

// kept: nothing of what the next version has written is gone, wherever it has moved. It
// returns how many of the operations are in the archive.
func (l *laps) kept(t *testing.T, ref sim.Ref, last int64) (archived int) {
	t.Helper()
	var doc lapped
	l.read(t, "models/"+ref.Workspace+"/"+ref.Model+".json", &doc)
	if doc.Laps.Count < last {
		t.Errorf("lost: %s was written %d times by the next version, and its document says %d", ref.Model, last, doc.Laps.Count)
	}
	held := map[int64]int64{}
	for _, op := range append(doc.Pending, doc.Recent...) {
		held[op.Number] = op.Lap
	}
	for _, want := range doc.Laps.Operations {
		got, there := held[want.Number]
		if !there {
			got = l.inArchive(t, ref, doc.Epoch, want.Number)
			archived++
		}
		if got != want.Lap {
			t.Errorf("lost: operation %d of %s has lap %d, and it was %d", want.Number, ref.Model, got, want.Lap)
		}
	}
	return archived
}

func (l *laps) inArchive(t *testing.T, ref sim.Ref, epoch string, number int64) int64 {
	t.Helper()
	var doc struct{ Operation lappedOperation }
	l.read(t, refresh.ArchiveName(machine.Model{WorkspaceID: ref.Workspace, DatasetID: ref.Model}, epoch, number), &doc)
	return doc.Operation.Lap
}

func (l *laps) read(t *testing.T, name string, into any) {
	t.Helper()
	doc, err := l.store.Read(t.Context(), name)
	if err = errors.Join(err, json.Unmarshal(doc.Body, into)); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
