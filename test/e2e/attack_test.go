//go:build attack

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pbirefresh/local/sim"
)

// The attacks here are sent to the staged app behind the fake host, as `make attack` does
// together with the tests of the door. Each wants a refusal that changes nothing.

// attacked sends a request that must be refused with a status and a code.
func (a *app) attacked(t *testing.T, name, body string, status int, code string, header ...string) {
	t.Helper()
	resp, text := a.call("POST", "/api/refreshes", body, header...)
	if resp.StatusCode != status || !strings.Contains(text, `"`+code+`"`) {
		t.Errorf("%s: got HTTP %d %.300s, want %d %s", name, resp.StatusCode, text, status, code)
	}
}

// untouched fails if a model was refreshed or cancelled.
func untouched(t *testing.T, a *app, refs ...sim.Ref) {
	t.Helper()
	for _, ref := range refs {
		if c := counters(t, a.world, ref); c.Posts > 0 || c.Cancels > 0 {
			t.Errorf("%s: got %d refreshes and %d cancels, want none", ref.Model, c.Posts, c.Cancels)
		}
	}
}

// hostileBodies cost as much as their authors could think of.
func hostileBodies() map[string]string {
	wrap := func(field, value string) string {
		return strings.Replace(body(sim.Sales()), "{", `{"`+field+`":`+value+`,`, 1)
	}
	fill := func(unit string) string { return strings.Repeat(unit, (63<<10)/len(unit)) }
	return map[string]string{
		"a list of numbers":         wrap("options", `{"objects":[`+fill("1,")+`1]}`),
		"a list of empty objects":   wrap("options", `{"objects":[`+fill("{},")+`{}]}`),
		"a list of lists":           wrap("options", `{"objects":[`+fill("[],")+`[]]}`),
		"a list of nulls":           wrap("options", `{"objects":[`+fill("null,")+`null]}`),
		"deep lists":                fill("["),
		"deep objects":              fill(`{"a":`),
		"unknown members":           "{" + fill(`"a":1,`) + `"b":1}`,
		"escapes":                   wrap("kind", `"`+fill(`\u0000`)+`"`),
		"surrogates without a pair": wrap("kind", `"`+fill(`\ud800`)+`"`),
		"a long number":             wrap("maxAttempts", fill("9")),
		"a number with an exponent": wrap("maxAttempts", "1e"+fill("9")),
	}
}

// TestAttackMemory: 250 hostile bodies at once, in waves, cost a bounded amount of memory,
// and end no process.
func TestAttackMemory(t *testing.T) {
	settings := inMemory()
	settings["MEMORY_MB"] = "512"
	a := startApp(t, newWorld(t), settings)
	pid := a.host.HandlerPID()
	for name, text := range hostileBodies() {
		var wave sync.WaitGroup
		for range 250 {
			wave.Go(func() {
				if resp, answer := a.call("POST", "/api/refreshes", text); resp.StatusCode != http.StatusBadRequest && resp.StatusCode != http.StatusServiceUnavailable {
					t.Errorf("%s: got HTTP %d %.200s, want 400, or 503 while others are being read", name, resp.StatusCode, answer)
				}
			})
		}
		wave.Wait()
	}
	if now := a.host.HandlerPID(); now != pid {
		t.Errorf("the process is %d, want %d: it ended", now, pid)
	}
	if peak := peakMemory(t, pid); peak > 256<<20 {
		t.Errorf("the process used %d MiB, want at most 256", peak>>20)
	}
	untouched(t, a, sim.Sales())
}

// peakMemory is the largest resident set of a process; 0 where the system does not say.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// TestAttackSecondKey: a key beside the caller's own makes no new caller, whatever the
// place and the form.
func TestAttackSecondKey(t *testing.T) {
	settings := onAzurite(t)
	settings["RATE_LIMIT_CALLER"] = "3/1h"
	a := startApp(t, newWorld(t), settings)
	key, good := a.host.FunctionKey(), body(sim.Sales())
	for _, of := range targets(a.longRefresh(t)) {
		if of.key {
			continue
		}
		mine, other := "x-functions-key: "+key, "x-functions-key: another"
		for name, sent := range map[string]*http.Response{
			"two headers":         a.spelt(t, of, of.path, mine, other),
			"two codes":           a.spelt(t, of, of.path+"?code="+key+"&code=another"),
			"two cases of a code": a.spelt(t, of, of.path+"?code="+key+"&CODE=another"),
		} {
			closed := sent.StatusCode == http.StatusForbidden && strings.HasSuffix(of.path, "/cancel-for-all") // without a policy
			if sent.StatusCode != http.StatusBadRequest && !closed || !byHandler(sent) {
				t.Errorf("%s %s with %s: got HTTP %d, want 400 of the handler", of.method, of.path, name, sent.StatusCode)
			}
		}
	}
	if c := counters(t, a.world, sim.Sales()); c.Posts != 1 || c.Cancels != 0 {
		t.Errorf("got %d refreshes and %d cancels, want 1 and 0", c.Posts, c.Cancels)
	}
	for i := range 5 { // a header together with a code is legal, and the header names the caller, who has asked once
		want := map[bool]int{true: http.StatusAccepted, false: http.StatusTooManyRequests}[i < 2]
		if resp, text := a.call("POST", fmt.Sprintf("/api/refreshes?code=%d", i), good); resp.StatusCode != want {
			t.Errorf("request %d: got HTTP %d %.300s, want %d", i, resp.StatusCode, text, want)
		}
	}
}
