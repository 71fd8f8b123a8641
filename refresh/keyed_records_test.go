package refresh

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pbirefresh/lease"
	"pbirefresh/refresh/machine"
)

// A refused request binds its key all the same, and may be sent again.
func TestRefusedRequestMayBeRepeated(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := newTestCoordinator(lease.NewMemory(), &fakePowerBI{length: time.Minute})
		running := mustTrigger(t, c, wholeModel())
		r := wholeModel()
		r.Ask.WhenBusy = machine.WhenBusyReject
		r.Key = machine.NewKey("test", "k", r.Model, r.Ask)
		mustRefuse(t, c, r, machine.CodeBusy)
		mustRefuse(t, c, keyed("k"), machine.CodeKeyReused)
		finish(t, c, running.Link())
		if again := mustTrigger(t, c, r); again.Replayed {
			t.Error("the refusal was replayed")
		}
	})
}

// A claim of an earlier version has no ticket: the document carries the key's mark, and
// knows it also without the claim, until the operation leaves.
func TestClaimOfAnEarlierVersion(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store := lease.NewMemory()
		c := newTestCoordinator(store, &fakePowerBI{length: time.Hour})
		claimEarlier(store, keyed("k").Key)
		first := mustTrigger(t, c, keyed("k"))
		mustRepeat(t, newTestCoordinator(store, &fakePowerBI{}), keyed("k"), first.Link())
		if _, same, here := modelState(t, store).Keyed(keyed("k").Key); !here || !same {
			t.Error("the document has no mark of the key")
		}
		store.Remove(pointerName(keyed("k").Key.Name))
		mustRefuse(t, c, otherwise("k"), machine.CodeKeyReused)
		store.Remove(claimName(keyed("k").Key.Name))
		mustRepeat(t, c, keyed("k"), first.Link())
	})
}

// claimEarlier makes the claim that a version without tickets made.
func claimEarlier(store *lease.Memory, k machine.Key) {
	store.Overwrite(claimName(k.Name), fmt.Appendf(nil, `{"schema":3,"minReader":2,"payload":%q}`, k.Payload), nil)
}

func TestRecordsOfKeysThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}", "[]", `{"payload":7}`, `{"payload":"7","stream":"x","ticket":1}`} {
		bubble(t, func(t *testing.T) {
			store := lease.NewMemory()
			store.Overwrite(claimName(keyed("k").Key.Name), []byte(body), nil)
			c := newTestCoordinator(store, &fakePowerBI{})
			var unavailable *UnavailableError
			if _, err := c.Trigger(t.Context(), keyed("k")); !errors.As(err, &unavailable) {
				t.Errorf("%q: %v", body, err)
			}
		})
	}
}

func TestForgedKeysAreRefused(t *testing.T) {
	t.Parallel()
	c := newTestCoordinator(lease.NewMemory(), &fakePowerBI{})
	for _, k := range []machine.Key{{Name: "../x", Payload: "y"}, {Name: keyed("k").Key.Name}, {Payload: keyed("k").Key.Payload}} {
		r := wholeModel()
		r.Key = k
		if _, err := c.Trigger(t.Context(), r); err == nil {
			t.Errorf("%+v is taken", k)
		}
	}
}

// Every part of a request tells it from others under the same key. A field that is
// added to Ask and not to the payload fails here.
func TestPayloadHasEveryField(t *testing.T) {
	t.Parallel()
	m := wholeModel().Model
	seen := map[string]string{machine.NewKey("", "", m, machine.Ask{}).Payload: "nothing"}
	var walk func(at reflect.Value, path string, ask *machine.Ask)
	walk = func(at reflect.Value, path string, ask *machine.Ask) {
		if at.Kind() == reflect.Struct {
			for i := range at.NumField() {
				walk(at.Field(i), path+"."+at.Type().Field(i).Name, ask)
			}
			return
		}
		set(at)
		p := machine.NewKey("", "", m, *ask).Payload
		if other, taken := seen[p]; taken {
			t.Errorf("Ask%s is told from %s by nothing", path, other)
		}
		seen[p] = path
		at.SetZero()
	}
	var ask machine.Ask
	walk(reflect.ValueOf(&ask).Elem(), "", &ask)
	if len(seen) < 12 {
		t.Errorf("only %d fields were looked at", len(seen))
	}
	if machine.NewKey("x", "k", m, ask).Name == machine.NewKey("y", "k", m, ask).Name {
		t.Error("two scopes share their keys")
	}
}

func set(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	default:
		panic("a field of a kind that has no value here: " + v.Type().String())
	}
}
