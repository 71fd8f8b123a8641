package refresh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
	"pbirefresh/refresh/machine"
)

// overwrite changes a document as a newer version would, between two writes of this one.
func overwrite(t *testing.T, store *lease.Memory, name string, changes ...string) {
	t.Helper()
	doc, err := store.Read(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	before := string(doc.Body)
	after := strings.NewReplacer(changes...).Replace(before)
	if after == before {
		t.Fatalf("nothing to change in %s", before)
	}
	store.Overwrite(name, []byte(after), doc.Meta)
}

func contentOf(t *testing.T, store lease.Store, name string) string {
	t.Helper()
	doc, err := store.Read(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(doc.Body)
}

const (
	byThisVersion = `{"schema":3,"minReader":2,`
	byTheNext     = `{"schema":4,"minReader":2,` // which this version may read and write
	forTheNext    = `{"schema":4,"minReader":4,` // which it may not
)

// What a newer version has added to a document, to an operation and to its attempt
// stays there until the operation is in the archive, and then there.
func TestNewerMembersOutliveTheOperation(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store, pbi := lease.NewMemory(), &fakePowerBI{length: time.Minute}
		c, name := newTestCoordinator(store, pbi), StateName(testModel)
		first := mustTrigger(t, c, keyed("k"))
		overwrite(t, store, name, byThisVersion, byTheNext+`"top":{ "n":1e999},`,
			`{"number":1,`, `{"number":1,"ofTheOperation":["<\u0041>"],`,
			`{"txn":`, `{"ofTheAttempt":12345678901234567890,"txn":`) // and of its try, which begins alike
		for _, part := range []string{`"top":{ "n":1e999}`, `"ofTheOperation":["<\u0041>"]`, `"ofTheAttempt":12345678901234567890`} {
			if doc := contentOf(t, store, name); !strings.Contains(doc, part) {
				t.Fatalf("the test has not put %s into %s", part, doc)
			}
		}
		if doc := contentOf(t, store, name); strings.Count(doc, "ofTheAttempt") != 2 {
			t.Fatalf("not in the attempt and in its try: %s", doc)
		}
		if v := finish(t, c, first.Link()); v.Status != machine.StatusSucceeded {
			t.Fatal(v.Status)
		}
		archive := ArchiveName(testModel, modelState(t, store).Epoch, 1)
		for range machine.KeepRecent + 1 {
			finish(t, c, mustTrigger(t, c, wholeModel()).Link())
		}
		sweep(t, c)
		time.Sleep(5 * time.Second)
		doc, archived := contentOf(t, store, name), contentOf(t, store, archive)
		if !strings.HasPrefix(doc, byTheNext) || !strings.Contains(doc, `"top":{ "n":1e999}`) || strings.Contains(doc, "ofTheOperation") {
			t.Errorf("the document: %s", doc)
		}
		if !strings.HasPrefix(archived, byTheNext) || !strings.Contains(archived, `"ofTheOperation":["<\u0041>"]`) ||
			!strings.Contains(archived, `"ofTheAttempt":12345678901234567890`) {
			t.Errorf("the archive: %s", archived)
		}
		if v := mustStatus(t, newTestCoordinator(store, pbi), first.Link()); v.Status != machine.StatusSucceeded {
			t.Errorf("from the archive: %s", v.Status)
		}
		mustRepeat(t, newTestCoordinator(store, pbi), keyed("k"), first.Link())
	})
}

// A document that demands a newer reader is not written, whoever asks for what, not even
// for the answer of a POST that was under way; and nothing is sent to Power BI. Only a
// key may be claimed: that comes before the document is read.
func TestDemandingDocumentIsNeverWritten(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory, pbi := lease.NewMemory(), &fakePowerBI{length: time.Minute, slow: 20 * time.Second}
		store := leasetest.NewFaulty(memory)
		c, name := newTestCoordinator(store, pbi), StateName(testModel)
		known := mustTrigger(t, c, keyed("known"))
		time.Sleep(3 * time.Second)
		overwrite(t, memory, name, byThisVersion, forTheNext)
		before := contentOf(t, memory, name)
		store.Reset()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for what, ask := range map[string]func() error{
			"trigger":    func() error { _, err := c.Trigger(ctx, wholeModel()); return err },
			"key":        func() error { _, err := c.Trigger(ctx, keyed("k")); return err },
			"known key":  func() error { _, err := c.Trigger(ctx, keyed("known")); return err },
			"status":     func() error { _, err := c.Status(ctx, known.Link()); return err },
			"cancel":     func() error { _, err := c.Cancel(ctx, known.Link()); return err },
			"cancel all": func() error { _, err := c.CancelAll(ctx, known.access.ID); return err },
			"advance":    func() error { return c.Advance(ctx, testModel) },
		} {
			var unavailable *UnavailableError
			err := ask()
			if !errors.As(err, &unavailable) || !errors.Is(err, machine.ErrNewer) || unavailable.RetryAfter != comeAgainNewer {
				t.Errorf("%s: %v", what, err)
			}
		}
		time.Sleep(time.Hour) // the POST's answer comes, and the timer again and again
		if r := sweep(t, c); r.Seen != 1 || r.Due != 1 || r.Failed != 1 {
			t.Errorf("sweep: %+v", r)
		}
		if w := c.Wait(ctx, known); w.View.Status.Terminal() {
			t.Errorf("who waits is told %s", w.View.Status)
		}
		for _, call := range store.Calls() {
			change := call.Op == leasetest.OpWrite || call.Op == leasetest.OpCreate || call.Op == leasetest.OpDelete
			if change && !strings.HasPrefix(call.Name, keyRecordPrefix) {
				t.Errorf("%s of %s", call.Op, call.Name)
			}
		}
		if after := contentOf(t, memory, name); after != before || pbi.posts.Load() != 1 || len(pbi.deletes) != 0 {
			t.Errorf("%d posts, %d deletes, the document is %s", pbi.posts.Load(), len(pbi.deletes), after)
		}
		// Rolled back, and the document free again: the answer that was kept is saved.
		overwrite(t, memory, name, forTheNext, byTheNext)
		if v := finish(t, c, known.Link()); v.Status != machine.StatusSucceeded || len(v.Operation.Tries) != 1 || v.Operation.Tries[0].RefreshID != "R1" {
			t.Errorf("%s after %+v", v.Status, v.Operation.Tries)
		}
	})
}

// Neither what is in the archive nor what is known of a key is guessed at.
func TestDemandingRecordsAreNotJudged(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store, pbi := lease.NewMemory(), &fakePowerBI{length: time.Minute}
		c := newTestCoordinator(store, pbi)
		first := mustTrigger(t, c, keyed("k"))
		for range machine.KeepRecent + 2 {
			finish(t, c, mustTrigger(t, c, wholeModel()).Link())
		}
		sweep(t, c)
		time.Sleep(5 * time.Second)
		posts, key := pbi.posts.Load(), keyed("k").Key.Name
		for _, name := range []string{ArchiveName(testModel, modelState(t, store).Epoch, 1), pointerName(key), claimName(key)} {
			original := contentOf(t, store, name)
			overwrite(t, store, name, byThisVersion, forTheNext)
			fresh := newTestCoordinator(store, pbi)
			_, asked := fresh.Status(t.Context(), first.Link())
			_, repeated := fresh.Trigger(t.Context(), keyed("k"))
			if name == pointerName(key) || name == claimName(key) {
				asked = machine.ErrNewer // who holds an id needs no key
			}
			if !errors.Is(asked, machine.ErrNewer) || !errors.Is(repeated, machine.ErrNewer) {
				t.Errorf("%s: status %v, repeated %v", name, asked, repeated)
			}
			store.Overwrite(name, []byte(original), nil)
		}
		archive := ArchiveName(testModel, modelState(t, store).Epoch, 1)
		overwrite(t, store, archive, `"phase":"succeeded"`, `"phase":"halfDone"`)
		if r, err := newTestCoordinator(store, pbi).Status(t.Context(), first.Link()); !errors.Is(err, machine.ErrNewer) {
			t.Errorf("a phase that nobody knows: %s, %v", r.View.Status, err)
		}
		if pbi.posts.Load() != posts {
			t.Error("a refresh was started")
		}
	})
}

// A write without an answer has landed if its transaction is there, also where a newer
// version has written the document since: what was promised is not promised twice.
func TestWriteIsRecognisedInANewerDocument(t *testing.T) {
	t.Parallel()
	doc := []byte(`{"schema":9,"minReader":9,"writes":["a","b"],"pending":"elsewhere"}`)
	if !machine.Wrote(doc, "b") || machine.Wrote(doc, "c") || machine.Wrote(bytes.TrimSuffix(doc, []byte("}")), "b") {
		t.Error(fmt.Sprint(machine.Wrote(doc, "b"), machine.Wrote(doc, "c")))
	}
}
