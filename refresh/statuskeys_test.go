package refresh

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

func mustRotate(t *testing.T, store lease.Store) Rotation {
	t.Helper()
	done, err := RotateStatusKey(t.Context(), store, DefaultLinkLife, false)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// While a key is added, every process accepts what any other signs, whenever each of
// them has read the keys last.
func TestRotationBreaksNoLink(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store, pbi := lease.NewMemory(), &fakePowerBI{length: time.Minute}
		fleet := make([]*Coordinator, 4)
		for i := range fleet {
			fleet[i] = newTestCoordinator(store, pbi)
			mustTrigger(t, fleet[i], wholeModel()) // reads the keys, at another time each
			time.Sleep(19 * time.Second)
		}
		mustRotate(t, store)
		versions := map[byte]bool{}
		for range 40 {
			for _, signer := range fleet {
				l := mustTrigger(t, signer, wholeModel()).Link()
				sig, _ := sigEncoding.DecodeString(l.Sig)
				versions[sig[2]] = true
				for i, verifier := range fleet {
					if _, err := verifier.Status(t.Context(), l); err != nil {
						t.Fatalf("process %d does not accept a link of version %d of the key: %v", i, sig[2], err)
					}
				}
			}
			time.Sleep(5 * time.Second)
		}
		if !versions[1] || !versions[2] {
			t.Errorf("links were signed with the versions %v, want 1 and 2", versions)
		}
	})
}

// Nobody signs with a new key before everybody has had the time to read it.
func TestNewKeySettlesFirst(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		keys := NewStatusKeys(store)
		done := mustRotate(t, store)
		for after := time.Duration(0); after < 3*time.Minute; after += 10 * time.Second {
			ring, err := keys.ring(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if v := ring.signing(keys.now()).Version; v == 2 != !keys.now().Before(done.SignsFrom) || after < 2*time.Minute-time.Second && v != 1 {
				t.Errorf("%s after the rotation version %d signs; version 2 is to sign from %s", after, v, done.SignsFrom)
			}
			time.Sleep(10 * time.Second)
		}
	})
}

// The old key is accepted until its URLs have ended, and a third version has to wait
// for that.
func TestRotateRefusesToEndGoodURLs(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		c := newTestCoordinator(store, &fakePowerBI{length: time.Minute})
		old := mustTrigger(t, c, wholeModel()).Link()
		mustRotate(t, store)
		if _, err := RotateStatusKey(t.Context(), store, DefaultLinkLife, true); err == nil || !strings.Contains(err.Error(), "when every process has it") {
			t.Errorf("a forced rotation before the last one is over: %v, want a refusal", err)
		}
		time.Sleep(time.Hour)
		if _, err := RotateStatusKey(t.Context(), store, DefaultLinkLife, false); err == nil || !strings.Contains(err.Error(), "--force") {
			t.Errorf("a second rotation within the hour: %v, want a refusal that names --force", err)
		}
		mustStatus(t, c, old)
		if _, err := RotateStatusKey(t.Context(), store, DefaultLinkLife, true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * keyRefresh)
		if _, err := c.Status(t.Context(), old); !errors.Is(err, ErrBadID) {
			t.Errorf("after a forced rotation a link of version 1: %v, want ErrBadID", err)
		}
		time.Sleep(longestOperation + DefaultLinkLife)
		if _, err := RotateStatusKey(t.Context(), store, DefaultLinkLife, false); err != nil {
			t.Errorf("a rotation after all old URLs have ended: %v", err)
		}
	})
}

// A repeated request keeps its nonce, and so its share of the operation, whichever key
// signs.
func TestRepeatedRequestAfterRotation(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		c := newTestCoordinator(store, &fakePowerBI{length: time.Hour})
		first := mustTrigger(t, c, keyed("k"))
		mustRotate(t, store)
		time.Sleep(3 * keySettling)
		again := mustTrigger(t, c, keyed("k"))
		if again.access != first.access || again.Sig == first.Sig || !again.Replayed {
			t.Errorf("the repeated request has access %+v, replayed %v, want that of the first, %+v, signed anew", again.access, again.Replayed, first.access)
		}
	})
}

// A link ends LinkLife after its operation, by the storage service's clock, whether
// the operation is in the document, in the archive or remembered. A running one has
// no end.
func TestLinksExpire(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		pbi := &fakePowerBI{length: 9 * time.Hour}
		cfg := Config{Store: store, Upstream: pbi, Rules: machine.DefaultRules(), Keys: NewStatusKeys(store), LinkLife: 4 * time.Hour}
		c := New(cfg)
		request := keyed("k")
		request.Ask.Timeout = 20 * time.Hour
		request.Key = machine.NewKey("test", "k", request.Model, request.Ask)
		r := mustTrigger(t, c, request)
		l := r.Link()
		time.Sleep(8 * time.Hour)
		if v := mustStatus(t, c, l); v.Status.Terminal() {
			t.Fatalf("ended as %s too early", v.Status)
		}
		finish(t, c, l)
		time.Sleep(3 * time.Hour)
		mustStatus(t, c, l)
		time.Sleep(2 * time.Hour)
		for name, c := range map[string]*Coordinator{"remembered": c, "read": New(cfg)} {
			if _, err := c.Status(t.Context(), l); !errors.Is(err, ErrBadID) {
				t.Errorf("%s: Status of a link that has expired: %v, want ErrBadID", name, err)
			}
			if _, err := c.Cancel(t.Context(), l); !errors.Is(err, ErrBadID) {
				t.Errorf("%s: Cancel of a link that has expired: %v, want ErrBadID", name, err)
			}
			id, err := ParseID(l.ID)
			if err != nil {
				t.Fatal(err)
			}
			mustRefuse(t, c, request, machine.CodeKeyReused)
			if got, err := c.Read(t.Context(), id); err != nil || got.View.Status != machine.StatusSucceeded || got.Sig != "" {
				t.Errorf("%s: Read, which needs no link, is %+v, %v", name, got, err)
			}
		}
	})
}

// A store that is down ends no access: the keys that were read before are good.
func TestKeysSurviveAStoreThatIsDown(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		memory := lease.NewMemory()
		c := newTestCoordinator(memory, &fakePowerBI{length: time.Minute})
		l := mustTrigger(t, c, wholeModel()).Link()
		memory.Overwrite(statusKeysName, []byte("not keys"), nil)
		time.Sleep(2 * keyRefresh)
		mustStatus(t, c, l)
	})
}
