package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pbirefresh/lease"
)

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	store := lease.NewMemory()
	var out bytes.Buffer
	env := Environment{Stdout: &out}
	if err := rotate(t.Context(), store, 30*24*time.Hour, false, env); err != nil || !strings.HasPrefix(out.String(), "version 2 of the status key signs from ") {
		t.Errorf("the first rotation prints %q, %v, want version 2", &out, err)
	}
	for _, force := range []bool{false, true} { // the new key has not reached every process yet
		if err := rotate(t.Context(), store, 30*24*time.Hour, force, env); err == nil || !strings.Contains(err.Error(), "rotate again after") {
			t.Errorf("a second rotation at once, -force=%t: %v, want a refusal", force, err)
		}
	}
}

func TestKeysWrongUse(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"keys"}, {"keys", "list"}, {"keys", "rotate", "now"}, {"keys", "rotate"}} {
		runCommand(t, nil, args...).exits(2).prints("")
	}
}
