package main

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
	env := environment{stdout: &out}
	if err := rotate(t.Context(), store, 30*24*time.Hour, false, env); err != nil || !strings.HasPrefix(out.String(), "version 2 of the status key signs from ") {
		t.Errorf("the first rotation prints %q, %v, want version 2", &out, err)
	}
	if err := rotate(t.Context(), store, 30*24*time.Hour, false, env); err == nil || !strings.Contains(err.Error(), "-force") {
		t.Errorf("the second rotation: %v, want a refusal that names -force", err)
	}
	if err := rotate(t.Context(), store, 30*24*time.Hour, true, env); err != nil {
		t.Errorf("the second rotation with -force: %v", err)
	}
}

func TestKeysWrongUse(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"keys"}, {"keys", "list"}, {"keys", "rotate", "now"}, {"keys", "rotate"}} {
		runCommand(t, nil, args...).exits(2).prints("")
	}
}
