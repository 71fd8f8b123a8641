package machine

import (
	"fmt"
	"testing"
	"time"
)

// Late ids of attempts that nobody remembers are kept up to a bound, the latest ones.
func TestWatchIsBounded(t *testing.T) {
	t.Parallel()
	rules, s := DefaultRules(), NewState(testModel, "e")
	s, _ = rules.Next(s, Arrive{At: At(joinTime), Nonce: "ana", Ask: wholeModel()})
	s, _ = rules.Next(s, Tick{At: At(joinTime), Txn: "t"})
	for i := range 3 * maxAbandoned {
		late := Answered{At: At(joinTime), Txn: fmt.Sprint("late", i), Answer: Answer{Kind: Accepted, RefreshID: fmt.Sprint("R", i), Sent: Enhanced}}
		for range 2 { // fed twice
			s, _ = rules.Next(s, late)
		}
	}
	if len(s.Abandoned) != maxAbandoned || s.Abandoned[maxAbandoned-1].Txn != fmt.Sprint("late", 3*maxAbandoned-1) || s.Attempt.Txn != "t" {
		t.Errorf("%d on watch: %+v", len(s.Abandoned), s.Abandoned)
	}
}

// A watched attempt without an id is no reason to take up a refresh of another kind, one
// that began long before, one that another attempt knows, or one that has ended.
func TestWhatIsNotOnWatch(t *testing.T) {
	t.Parallel()
	at := func(change func(*Row)) Row {
		r := Row{ID: "X", Type: "ViaApi", Start: joinTime.Add(time.Minute), State: RowInProgress}
		change(&r)
		return r
	}
	for name, row := range map[string]Row{
		"portal": at(func(r *Row) { r.Type = "OnDemand" }), "scheduled": at(func(r *Row) { r.Type = "Scheduled" }),
		"enhanced": at(func(r *Row) { r.Type = "ViaEnhancedApi" }), "before": at(func(r *Row) { r.Start = joinTime.Add(-time.Hour) }),
		"of another": at(func(r *Row) { r.ID = "known" }), "ended": at(func(r *Row) { r.State = RowFailed }),
		"ours": at(func(*Row) {}),
	} {
		s := NewState(testModel, "e")
		s.ClockSkew = &ClockSkew{Since: joinTime}
		s.Abandoned = []Abandoned{{Txn: "t", Kind: Standard, Intent: joinTime, Until: joinTime.Add(abandonedFor)},
			{Txn: "u", Kind: Standard, RefreshID: "known", Until: joinTime.Add(abandonedFor), Intent: joinTime.Add(-time.Hour)}}
		now := joinTime.Add(2 * time.Minute)
		s, _ = DefaultRules().Next(s, Observed{At: At(now), SentAt: now, Rows: []Row{row}})
		if got := s.Abandoned[0].Appeared; got != (name == "ours") {
			t.Errorf("%s: appeared %v", name, got)
		}
	}
}

// A look before a POST is good for some seconds, and only in the stay in the critical section
// that it was made in: its age by the storage service's clock says nothing if that has jumped.
func TestHowLongALookIsGoodFor(t *testing.T) {
	t.Parallel()
	s := NewState(testModel, "e")
	if s.mustReadHistory(joinTime) {
		t.Error("there is nothing to look for")
	}
	s.Abandoned = []Abandoned{{Txn: "t", Kind: Standard, Intent: joinTime.Add(-time.Hour), Until: joinTime.Add(abandonedFor)}}
	s, _ = DefaultRules().Next(s, Observed{At: At(joinTime), SentAt: joinTime})
	for after, want := range map[time.Duration]bool{0: false, historyGoodFor: false, historyGoodFor + 1: true, -historyGoodFor: false, -10 * time.Minute: true} {
		if s.mustReadHistory(joinTime.Add(after)) != want {
			t.Errorf("%v after it: look again? want %v", after, want)
		}
	}
	stored, err := Decode(mustEncode(t, s))
	if err != nil || !stored.HistoryRead.Equal(joinTime) {
		t.Fatalf("got %v, glanced %v, want %v", err, stored.HistoryRead, joinTime)
	}
	if !stored.mustReadHistory(joinTime.Add(time.Second)) {
		t.Error("a look of an earlier stay that seems a second old: got no new look, want one")
	}
}
