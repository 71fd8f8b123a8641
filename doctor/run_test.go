package doctor

import (
	"strings"
	"testing"

	"pbirefresh/local/sim"
	"pbirefresh/powerbi"
)

const allNames = "settings host storage clock identity vault secret token powerBI tenantSetting workspace role model storageMode capacity gateway owner failures budget routes"

func TestAllIsWell(t *testing.T) {
	t.Parallel()
	b := newBench()
	checks := b.run(t)
	if got := states(checks, OK); got != allNames {
		t.Errorf("fine: %s\nwant:  %s\n%+v", got, allNames, checks)
	}
	b.model = powerbi.Dataset{}
	if got, want := states(b.run(t), OK), "settings host storage clock identity vault secret token powerBI tenantSetting routes"; got != want {
		t.Errorf("without a model: %s\nwant: %s", got, want)
	}
	page, err := b.store.List(t.Context(), "", "", 10)
	if err != nil || len(page.Entries) != 0 {
		t.Errorf("left in the storage: %+v, %v", page.Entries, err)
	}
	for _, e := range b.cloud.Journal.Entries(0) {
		if e.Service == "powerbi" && (e.Op == sim.OpStart || e.Op == sim.OpCancel || e.Op == sim.OpGrant) {
			t.Errorf("the doctor changed something: %s", e)
		}
	}
}

// What a check prints is no secret.
func TestNothingSecretIsShown(t *testing.T) {
	t.Parallel()
	b := newBench()
	var text strings.Builder
	Print(&text, b.run(t), true)
	for _, secret := range []string{sim.SecretValue, "eyJ", b.cloud.Identity.Header()} {
		if strings.Contains(text.String(), secret) {
			t.Errorf("%.10q is shown in\n%s", secret, text.String())
		}
	}
}
