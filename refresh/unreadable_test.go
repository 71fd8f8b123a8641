package refresh

import (
	"errors"
	"testing"
	"time"

	"pbirefresh/lease"
)

// A document that this version does not understand is left as it is, for every request,
// and nothing is started.
func TestStrangeDocumentsAreLeftAlone(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"newer": `{"schema":4,"minReader":4,"epoch":"e"}`, "broken": `{"schema":1,`, "impossible": `{"schema":1,"epoch":"e","attempt":{}}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				store, pbi := lease.NewMemory(), &fakePowerBI{length: time.Minute}
				version, err := store.Create(t.Context(), StateName(testModel), []byte(body), nil)
				if err != nil {
					t.Fatal(err)
				}
				c := newTestCoordinator(store, pbi)
				var unavailable *UnavailableError
				if _, err := c.Trigger(t.Context(), wholeModel()); !errors.As(err, &unavailable) {
					t.Errorf("trigger: %v", err)
				}
				if err := c.Advance(t.Context(), testModel); err == nil {
					t.Error("advance: no error")
				}
				if report := sweep(t, c); report.Seen != 1 || report.Due != 1 || report.Failed != 1 {
					t.Errorf("sweep: %+v", report)
				}
				doc, err := store.Read(t.Context(), StateName(testModel))
				if err != nil || string(doc.Body) != body || doc.Version != version || pbi.posts.Load() != 0 {
					t.Errorf("it has become %s (%v), %d posts", doc.Body, err, pbi.posts.Load())
				}
			})
		})
	}
}
