package integrations

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"pbirefresh/internal/wait"
	"pbirefresh/local/sim"
)

// procedure is what sql/refresh.sql sends, and by which codes it goes on: the calls of
// sys.sp_invoke_external_rest_endpoint, by the rules of its documentation
// (https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-invoke-external-rest-endpoint-transact-sql):
// the credential's name is a prefix of the URL and its secret is sent as headers,
// Content-Type is application/json, redirects are not followed, any 2xx is a success,
// a header with a tilde is lost.
type procedure struct {
	url, credential string
	secret          map[string]string
	transport       http.RoundTripper
}

// theScript is what this test has to find in the file: how it asks, and what it makes
// of each code.
func theScript() []string {
	return []string{
		`IDENTITY = 'HTTPEndpointHeaders', SECRET = '(\{[^']+\})'`,
		`@payload nvarchar\(max\) = CONCAT\(N'\{"workspaceId":"', @workspaceId, N'","datasetId":"', @datasetId, N'"\}'\)`,
		`@headers nvarchar\(4000\) = CONCAT\(N'\{"Idempotency-Key":"', ISNULL\(@idempotencyKey, NEWID\(\)\), N'"\}'\)`,
		`IF @statusUrl IS NULL\s+EXEC sys.sp_invoke_external_rest_endpoint\s+@url = N'([^']+)',\s+@method = N'POST',\s+@headers = @headers,\s+@payload = @payload,\s+@timeout = 100,\s+@credential = \[([^\]]+)\],\s+@response = @response OUTPUT;`,
		`ELSE\s+EXEC sys.sp_invoke_external_rest_endpoint\s+@url = @statusUrl,\s+@method = N'GET',\s+@timeout = 100,\s+@credential = \[([^\]]+)\],\s+@response = @response OUTPUT;`,
		`SET @code = JSON_VALUE\(@response, '\$\.response\.status\.http\.code'\);`,
		`COALESCE\(JSON_VALUE\(@response, '\$\.result\.error\.message'\), CONCAT\(N'The answer was HTTP ', @code, N'\.'\)\)`,
		`IF @code = 200\s+RETURN 0;`,
		`IF @code = 202\s+BEGIN\s+SET @statusUrl = JSON_VALUE\(@response, '\$\.result\.statusUrl'\);\s+SET @failures = 0;\s+END\s+ELSE IF @code = 0 OR @code = 429 OR @code >= 500\s+SET @failures = @failures \+ 1;.*\s+ELSE\s+SET @failures = 1000;`,
		`IF @failures > 40\s+BEGIN\s+SET @message = CONCAT\(N'The refresh of model ', @datasetId, N' failed: ', @message\);\s+THROW 50001, @message, 1;`,
	}
}

func readScript(t *testing.T, transport http.RoundTripper, key string) procedure {
	t.Helper()
	text := string(file(t, "sql/refresh.sql"))
	var found []string
	for _, pattern := range theScript() {
		m := regexp.MustCompile(pattern).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("sql/refresh.sql is not as this test reads it: %s", pattern)
		}
		found = append(found, m[1:]...)
	}
	p := procedure{url: found[1], credential: found[2], transport: transport}
	secret := strings.ReplaceAll(found[0], "YOUR-FUNCTION-KEY", key)
	if err := json.Unmarshal([]byte(secret), &p.secret); err != nil || found[2] != found[3] {
		t.Fatalf("the secret %s (%v), the credentials %s and %s: want a flat object, and one credential", found[0], err, found[2], found[3])
	}
	if !strings.Contains(text, "CREATE DATABASE SCOPED CREDENTIAL ["+p.credential+"]") {
		t.Errorf("the file does not make the credential %s", p.credential)
	}
	return p
}

// refresh is the procedure's loop. It returns the message that it throws, or nothing.
func (p procedure) refresh(t *testing.T, ref sim.Ref) string {
	t.Helper()
	ctx, status, message := patience(t), "", ""
	for failures := 0; failures <= 40; {
		code, doc, err := p.call(ctx, status, ref)
		message = fmt.Sprintf("The answer was HTTP %d.", code)
		switch {
		case err != nil:
			message = err.Error()
		case doc.Error.Message != "":
			message = doc.Error.Message
		}
		switch {
		case code == http.StatusOK:
			return ""
		case code == http.StatusAccepted:
			status, failures = doc.StatusURL, 0
		case code == 0, code == http.StatusTooManyRequests, code >= http.StatusInternalServerError:
			failures++
		default:
			failures = 1000
		}
		wait.For(ctx, 150*time.Millisecond)
	}
	return "The refresh of model " + strings.ToUpper(ref.Model) + " failed: " + message
}

// sqlAnswer is what the procedure reads of an answer.
type sqlAnswer struct {
	StatusURL string
	Error     struct{ Message string }
}

// call is one call of the endpoint. Code 0: it raised an error.
func (p procedure) call(ctx context.Context, status string, ref sim.Ref) (int, sqlAnswer, error) {
	var doc sqlAnswer
	method, address, content := http.MethodPost, p.url, body(ref)
	if status != "" {
		method, address, content = http.MethodGet, status, nil
	}
	rest, covered := strings.CutPrefix(address, p.credential)
	if !covered || rest[0] != '/' || !strings.HasSuffix(strings.Split(address, "/")[2], ".azurewebsites.net") {
		return 0, doc, fmt.Errorf("the credential %s, or the list of hosts, does not cover %s", p.credential, address)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(content))
	if err != nil {
		return 0, doc, err
	}
	if req.GetBody = nil; method == http.MethodPost { // or Go would repeat the POST by itself
		req.Header.Set("Idempotency-Key", "nightly-"+ref.Model)
	}
	for name, value := range p.secret {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := p.transport.RoundTrip(req)
	if err != nil {
		return 0, doc, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err == nil && len(text) > 0 {
		err = json.Unmarshal(text, &doc)
	}
	if err != nil {
		return 0, doc, err
	}
	return resp.StatusCode, doc, nil
}

func TestSQL(t *testing.T) {
	t.Parallel()
	a := startApp(t, azure)
	for name, tt := range map[string]struct {
		ref       sim.Ref
		key, want string // of what is thrown
		refreshes bool
	}{
		"succeeds": {a.model(t, sim.Knobs{}), a.host.FunctionKey(), "", true},
		"fails":    {a.failing(t), a.host.FunctionKey(), reason, true},
		"refused":  {a.model(t, sim.Knobs{}), "wrong", "HTTP 401", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := readScript(t, cloud{a}, tt.key).refresh(t, tt.ref)
			if !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") {
				t.Errorf("thrown: got %q, want ...%s...", got, tt.want)
			}
			if tt.refreshes {
				a.once(t, tt.ref)
			}
		})
	}
}
