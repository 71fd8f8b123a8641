package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"pbirefresh/lease"
	"pbirefresh/local/sim"
)

// ledger knows every secret that is in play in the suite, and all that any handler or
// host of it has written.
type ledger struct {
	mu      sync.Mutex
	secrets map[string]string // value -> name
	output  []string
	answers []string // that held a secret
}

var leaks = &ledger{secrets: map[string]string{}}

// patterns find what is secret by its form: every signature of the first versions of
// the status key begins alike, and so does every token. One signature in some thousand
// has the beginning of a token in its middle, but no dot after it.
var patterns = map[string]*regexp.Regexp{
	"a signature":           regexp.MustCompile(`AQA[BCD][0-9A-Za-z_-]{43}`),
	"a token":               regexp.MustCompile(`(^|[^0-9A-Za-z_-])eyJ[0-9A-Za-z_-]{16}|eyJ[0-9A-Za-z_-]{16,}\.`),
	"a private key":         regexp.MustCompile(`PRIVATE KEY`),
	"an account key":        regexp.MustCompile(`AccountKey=|SharedKey `),
	"a key or signature":    regexp.MustCompile(`[?&](code|sig)=`),
	"a function key header": regexp.MustCompile(`(?i)x-functions-key"?[:=]`),
}

// secret registers a value that must be in no output and in no answer.
func (l *ledger) secret(name, value string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if value != "" {
		l.secrets[value] = name
	}
}

func (l *ledger) wrote(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.output = append(l.output, line)
}

func (l *ledger) answered(answer, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers = append(l.answers, answer+" holds "+name)
}

// in names the registered secrets that a text holds.
func (l *ledger) in(text string) (names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for value, name := range l.secrets {
		if strings.Contains(text, value) {
			names = append(names, name)
		}
	}
	return names
}

func formsIn(text string) (names []string) {
	for name, pattern := range patterns {
		if pattern.MatchString(text) {
			names = append(names, name)
		}
	}
	return names
}

// leaked searches all output of the whole suite, now that every secret is known.
func (l *ledger) leaked() bool {
	all := strings.Join(l.output, "\n")
	found := append(l.in(all), formsIn(all)...)
	for _, name := range found {
		fmt.Fprintf(os.Stderr, "the output of the suite holds %s\n", name)
	}
	for _, answer := range l.answers {
		fmt.Fprintln(os.Stderr, answer)
	}
	return len(found)+len(l.answers) > 0
}

// watched lets every answer of the suite be searched.
func (l *ledger) watched(next http.RoundTripper) http.RoundTripper { return &watcher{l, next} }

type watcher struct {
	ledger *ledger
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper. What a caller may have is its own operation's
// id, in the answers that give it.
func (w *watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	answer := string(body) + fmt.Sprint(resp.Header)
	names := w.ledger.in(answer)
	if r.GetBody != nil && len(names) > 0 { // a caller may get back what it sent
		if sent, err := r.GetBody(); err == nil {
			text, _ := io.ReadAll(sent) // it is in memory
			names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(w.ledger.in(string(text)), name) })
		}
	}
	if patterns["a token"].MatchString(answer) {
		names = append(names, "a token")
	}
	for _, name := range names {
		w.ledger.answered(fmt.Sprintf("the answer with HTTP %d to a %s", resp.StatusCode, r.Method), name)
	}
	return resp, err
}

// hostLog is the host's own output.
func (a *app) hostLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(lineWriter(a.hostSaid), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type lineWriter func(string)

func (w lineWriter) Write(p []byte) (int, error) {
	w(string(p))
	return len(p), nil
}

// register makes the secrets of an app known.
func (a *app) register(settings map[string]string) {
	leaks.secret("the client secret", sim.SecretValue)
	leaks.secret("a function key", a.host.FunctionKey())
	leaks.secret("the master key", a.host.MasterKey())
	leaks.secret("the identity header", a.world.Identity.Header())
	if _, after, found := strings.Cut(settings["STATE_STORAGE"], "AccountKey="); found {
		value, _, _ := strings.Cut(after, ";")
		leaks.secret("the storage account's key", value)
	}
}

// Whatever goes wrong, and wherever a client puts what is secret: nothing of it is in
// the output.
func TestNoSecretIsWrittenWhateverGoesWrong(t *testing.T) {
	t.Parallel()
	world := newWorld(t)
	settings := onAzurite(t)
	a := startApp(t, world, settings)
	doc := a.trigger(body(sim.Finance()))
	u, err := url.Parse(doc.StatusURL)
	if err != nil {
		t.Fatal(err)
	}
	id, sig := doc.ID, u.Query().Get("sig")
	raw, err := base64.RawURLEncoding.DecodeString(sig)
	if err != nil || len(raw) < 19 {
		t.Fatalf("the signature %q: %d bytes, %v", sig, len(raw), err)
	}
	leaks.secret("a caller's nonce", hex.EncodeToString(raw[3:19]))
	models := manyModels(t, world, len(sim.FaultKinds())+4, 0)
	for i, kind := range sim.FaultKinds() {
		for _, op := range []sim.Op{sim.OpStart, sim.OpHistory, sim.OpDetail, sim.OpWorkspace} {
			if err := world.Fail(sim.Fault{Kind: kind, Op: op}); err != nil {
				t.Fatal(err)
			}
		}
		a.everywhere(id, sig, body(models[i]))
		world.ClearFaults()
	}
	for i, op := range []sim.Op{sim.OpToken, sim.OpSecret, sim.OpIdentity, sim.OpDiscovery} {
		world.Entra.RevokeTokens(sim.ClientID)
		world.Entra.RevokeTokens(sim.IdentityID)
		world.RotateSecret(fmt.Sprintf("sim~rotated-%d", i), true)
		leaks.secret("a rotated secret", fmt.Sprintf("sim~rotated-%d", i))
		if err := world.Fail(sim.Fault{Kind: sim.ErrorBefore, Op: op, Times: 3}); err != nil {
			t.Fatal(err)
		}
		a.everywhere(id, sig, body(models[len(models)-1-i]))
		a.call("GET", "/api/health/ready", "")
		world.ClearFaults()
	}
	if err := a.host.Fire(t.Context(), "RefreshSweep"); err != nil {
		t.Error(err)
	}
	storedWithoutSecrets(t, stateStore(t, settings))
	if len(a.log()) < 1000 {
		t.Errorf("only %d bytes were written: nothing was proven", len(a.log()))
	}
}

// storedWithoutSecrets holds the names of all documents, and the records of who did what,
// against what is secret.
func storedWithoutSecrets(t *testing.T, store lease.Store) {
	t.Helper()
	names, records := 0, 0
	for cursor := ""; ; {
		page, err := store.List(t.Context(), "", cursor, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entries {
			text := e.Name
			if strings.HasPrefix(e.Name, "audit/") {
				doc, err := store.Read(t.Context(), e.Name)
				if err != nil {
					t.Fatal(err)
				}
				text += string(doc.Body)
				records++
			}
			if found := append(leaks.in(text), formsIn(text)...); len(found) > 0 {
				t.Errorf("%s holds %v", e.Name, found)
			}
			names++
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if records == 0 || names == records {
		t.Errorf("%d documents, %d of them records: nothing was proven", names, records)
	}
}

// everywhere sends requests that carry the keys and a signature where they may be, and where
// they should not.
func (a *app) everywhere(id, sig, good string) {
	a.t.Helper()
	key := a.host.FunctionKey()
	for _, request := range []string{
		"POST /api/refreshes?code=" + key, "POST /api/refreshes/" + key, "GET /api/refreshes/" + id + "?code=" + key, "GET /api/refreshes/" + sig,
		"GET /api/refreshes/" + id + "?sig=" + sig, "GET /api/refreshes/" + id + "?sig=" + sig + "&sig=" + sig, "GET /api/operations/" + id + "?sig=" + sig + "x",
		"POST /api/operations/" + id + "/cancel-all?code=" + key, "DELETE /api/operations/" + id + "/cancel?sig=A" + sig + "&code=" + key, "GET /api/" + sig + "/" + key,
	} {
		method, path, _ := strings.Cut(request, " ")
		for _, text := range []string{good, `{"workspaceId":"` + key + `","` + sig + `":1}`, "{" + key} {
			a.call(method, path, text, "Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "X-Azure-Functions-InvocationId", sig, "Prefer", "wait=0",
				"User-Agent", key, "Idempotency-Key", `"`+key[:20]+`"`)
		}
	}
}

// A token is found wherever it stands, and an id is none.
func TestTokensAreFound(t *testing.T) {
	t.Parallel()
	const token = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJ4In0.c2ln" //nolint:gosec // nobody's
	for text, found := range map[string]bool{
		token: true, "Bearer " + token: true, `{"error":"` + token[:30] + `"}`: true, "line\n" + token[:24]: true,
		"%22" + token + "%22": true, `\u0022` + token: true,
		"AQABsU0eyJhdWQiOiJ4In0abcdefghij": false, "AQABsU0eyJhdWQiOiJ4In0abcdefghij&wait=1": false, "eyJ": false,
	} {
		if patterns["a token"].MatchString(text) != found {
			t.Errorf("%q: found %v", text, !found)
		}
	}
}
