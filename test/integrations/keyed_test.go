package integrations

import (
	"testing"

	"pbirefresh/local/sim"
)

// With STATUS_ACCESS=key a status URL needs a key. Callers that send theirs with every
// request, or are called back, work as they stand; a Web activity that polls without
// one fails, and the pipeline with it.
func TestCallersWhereStatusURLsNeedAKey(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	closed := func(env map[string]string) { env["STATUS_ACCESS"] = "key" }
	a, direct := startApp(t, azure, r.allowed, closed), startApp(t, closed) // programs resolve names themselves
	for name, s := range shells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if code, said := s.run(t, direct, direct.host.FunctionKey(), direct.model(t, sim.Knobs{})); code != 0 {
				t.Errorf("with STATUS_ACCESS=key: got exit code %d, %q, want 0", code, said)
			}
		})
	}
	t.Run("SQL", func(t *testing.T) {
		t.Parallel()
		if got := readScript(t, cloud{a}, a.host.FunctionKey()).refresh(t, a.model(t, sim.Knobs{})); got != "" {
			t.Errorf("with STATUS_ACCESS=key: got %q, want success", got)
		}
	})
	for name, call := range hooks(a, r) {
		t.Run(name+", called back", func(t *testing.T) {
			t.Parallel()
			if got := call(t, a.model(t, sim.Knobs{})); got != "" {
				t.Errorf("with STATUS_ACCESS=key: got %q, want success", got)
			}
		})
	}
	t.Run("Data Factory by function", func(t *testing.T) {
		t.Parallel()
		wantFailed(t, run(t, runner(t, a, "adf"), "adf/pipeline/RefreshByFunction.json", a.model(t, sim.Knobs{Stuck: true})), "not followed to its end", "401")
	})
}
