package machine

import (
	"strings"
	"testing"
	"time"
)

func TestQuotaIsEstimated(t *testing.T) {
	t.Parallel()
	s := newScenario(t)
	refused := func() string {
		s.arrive([]string{"ana"})
		s.command("tick")
		s.feed(Answered{At: At(s.now), Txn: s.state.Attempt.Txn, Answer: Answer{Kind: Refused, Quota: true,
			Fault: &Fault{Code: CodeDailyLimit, Message: "limit", Remedy: "Use a capacity."}}})
		return s.state.Recent[len(s.state.Recent)-1].Fault.Remedy
	}
	// Nothing is known of the last day: it may take a whole one.
	if got := refused(); !strings.Contains(got, "2026-03-02 12:00 UTC") || !strings.Contains(got, "Use a capacity.") {
		t.Errorf("%s", got)
	}
	s.now = s.now.Add(time.Hour)
	s.arrive([]string{"bob"})
	s.command("tick")
	s.command("answer accepted id=R1 kind=standard")
	s.command("look R1:completed:ViaApi")
	s.now = s.now.Add(5 * time.Hour)
	if got := refused(); !strings.Contains(got, "2026-03-02 13:00 UTC") {
		t.Errorf("the refresh of 13:00 counts until the next day: %s", got)
	}
	s.now = s.now.Add(24 * time.Hour)
	if got := refused(); !strings.Contains(got, "2026-03-03 18:00 UTC") {
		t.Errorf("it does not count any more: %s", got)
	}
	// A try that failed counts as well, and so does that of an operation which is not done.
	s.now = s.now.Add(48 * time.Hour)
	s.arrive([]string{"carol"})
	s.command("tick")
	s.command("answer accepted id=R2 kind=standard")
	s.command("look R2:failed/capacity:ViaApi")
	s.now = s.now.Add(time.Hour)
	if got := refused(); !strings.Contains(got, "2026-03-05 18:00 UTC") {
		t.Errorf("the try that failed at 18:00 counts: %s", got)
	}
}
