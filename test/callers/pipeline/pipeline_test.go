package pipeline

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// service answers requests in order and keeps them.
type service struct {
	mu      sync.Mutex
	answers []string // "code" or "code body", "!" for a lost connection; the last one repeats
	seen    []string // "METHOD url header:value... body"
	called  chan []byte
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	var headers []string
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		headers = append(headers, name+":"+r.Header.Get(name))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, strings.TrimSpace(strings.Join(append(append([]string{r.Method, r.URL.String()}, headers...), body), " ")))
	code, text, _ := strings.Cut(s.answers[0], " ")
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	if code == "!" {
		return nil, errors.New("connection lost")
	}
	resp := &http.Response{Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Status: code}
	if _, err := fmt.Sscan(code, &resp.StatusCode); err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusAccepted {
		resp.Header.Set("Location", "https://app/status/1")
	}
	return resp, nil
}

func (s *service) New() (string, <-chan []byte) {
	return "https://adf.example/callback?sig=s", s.called
}

// play runs activities, given as JSON, against a service that gives the answers.
func play(t *testing.T, change func(*Runner), activities string, answers ...string) (Result, []string) {
	t.Helper()
	s := &service{answers: answers, called: make(chan []byte, 1)}
	r := &Runner{
		Client: &http.Client{Transport: s}, Functions: map[string]Function{"F": {URL: "https://app/", Key: "k"}},
		Connections: map[string]string{"c1": "https://app"}, Token: func(r string) string { return "t-" + r }, Callbacks: s,
		Poll: time.Second, Retry: time.Second, Patience: time.Hour,
	}
	if change != nil {
		change(r)
	}
	d, err := Parse([]byte(`{"name":"P","properties":{"parameters":{"p":{"type":"string"},"q":{"type":"string","defaultValue":"d"}},"activities":[` + activities + `]}}`))
	if err != nil {
		t.Fatal(err)
	}
	result, err := r.Run(t.Context(), d, "run-1", map[string]any{"p": "v"})
	if err != nil {
		t.Fatal(err)
	}
	return result, s.seen
}

func web(name, more string) string {
	return `{"name":"` + name + `","type":"WebActivity",` + more + `"typeProperties":{"method":"GET","url":"https://app/x"}}`
}

func TestWebFollowsLocation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		got, seen := play(t, nil, `{"name":"W","type":"WebActivity","typeProperties":{"method":"POST","headers":{"K":"@concat(pipeline().parameters.p,'-',pipeline().parameters.q)"},
			"url":{"value":"@{'https'}://app/start","type":"Expression"},"body":{"a":"@pipeline().RunId"},"authentication":{"type":"MSI","resource":"api"}}}`,
			"202 {}", "202 {}", `200 {"status":"Succeeded"}`)
		want := []string{`POST https://app/start Authorization:Bearer t-api K:v-d {"a":"run-1"}`, "GET https://app/status/1", "GET https://app/status/1"}
		if got.Status != Succeeded || got.Activities["W"].Output["status"] != "Succeeded" || !slices.Equal(seen, want) {
			t.Errorf("got %+v and requests %q, want %s and %q", got, seen, Succeeded, want)
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("got the end after %v, want 2s: two polls", took)
		}
	})
}

func TestWebFails(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		`409 {"error":{}}`: `'409', message - '{"error":{}}'`, "200 []": "no JSON object", "200 null": "no JSON object", "!": "No response",
	} {
		if got, _ := play(t, nil, web("W", ""), answer); got.Status != Failed || !strings.Contains(got.Message, want) {
			t.Errorf("%s: got %+v, want %s with %q", answer, got, Failed, want)
		}
	}
	got, _ := play(t, func(r *Runner) { r.BareErrors = true }, web("W", ""), "409 why")
	if got.Status != Failed || strings.Contains(got.Message, "why") {
		t.Errorf("409 why: got %+v, want %s without the body", got, Failed)
	}
	if got, _ := play(t, nil, strings.Replace(web("W", ""), `"method"`, `"turnOffAsync":true,"method"`, 1), `202 {"status":"Running"}`); got.Status != Succeeded {
		t.Errorf("a 202 with turnOffAsync: got %+v, want %s", got, Succeeded)
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got, seen := play(t, nil, web("W", `"policy":{"retry":2},`), "500", "!", "200 {}")
		if got.Status != Succeeded || len(seen) != 3 {
			t.Errorf("500, no answer, 200: got %+v after %d requests, want %s after 3", got, len(seen), Succeeded)
		}
		got, seen = play(t, nil, web("W", `"policy":{"retry":1},`), "500", "500", "200 {}")
		if got.Status != Failed || len(seen) != 2 {
			t.Errorf("500, 500, 200 with one retry: got %+v after %d requests, want %s after 2", got, len(seen), Failed)
		}
	})
}

func TestFunction(t *testing.T) {
	t.Parallel()
	call := func(more string) string {
		return `{"name":"F","type":"AzureFunctionActivity","linkedServiceName":{"referenceName":"F"},"typeProperties":{"functionName":"refreshes",` + more + `}}`
	}
	got, seen := play(t, nil, call(`"method":"POST","body":"{}"`), `202 {"id":"7"}`)
	if want := []string{"POST https://app/api/refreshes X-Functions-Key:k {}"}; got.Status != Succeeded || !slices.Equal(seen, want) {
		t.Errorf("202: got %+v and requests %q, want %s and %q", got, seen, Succeeded, want)
	}
	for _, tt := range []struct{ more, answer, want string }{
		{`"method":"POST"`, "200 {}", "body"}, {`"method":"GET","body":"{}"`, "200 {}", "body"},
		{`"method":"GET"`, "202 ", "JObject"}, {`"method":"GET"`, "200 [1]", "JObject"}, {`"method":"GET"`, "!", "calling the endpoint"},
		{`"method":"GET"`, `409 {"m":"why"}`, `status-'409' and message - '{"m":"why"}'`},
	} {
		if got, _ := play(t, nil, call(tt.more), tt.answer); got.Status != Failed || !strings.Contains(got.Message, tt.want) {
			t.Errorf("%s with %s: got %+v, want %s with %q", tt.more, tt.answer, got, Failed, tt.want)
		}
	}
}

func TestWebHook(t *testing.T) {
	t.Parallel()
	hook := func(report, body string) string {
		return `{"name":"H","type":"WebHook","typeProperties":{"method":"POST","url":"https://app/x","timeout":"0.01:00:00","headers":{"Content-Type":"application/json"},` + body + `"reportStatusOnCallBack":` + report + `}}`
	}
	const body = `"body":{"a":"@pipeline().RunId"},`
	for _, tt := range []struct{ activity, answer, post, status, want string }{
		{hook("true", body), "200 {}", `{"StatusCode":"200","Output":{"status":"Succeeded"}}`, Succeeded, ""},
		{hook("true", body), "200 {}", `{"statusCode":"409","error":{"errorCode":"E","message":"why"}}`, Failed, "why"},
		{hook("false", body), "200 {}", `{"StatusCode":"409"}`, Succeeded, ""},
		{hook("true", body), "200 {}", `{}`, Failed, ""},
		{hook("true", body), "200 {}", `not JSON`, Failed, "not as documented"},
		{hook("true", body), "200 {}", "", Failed, "TimedOut"},
		{hook("true", body), "202 {}", `{"StatusCode":"200"}`, Failed, "waiting twice"},
		{hook("true", body), "500 why", `{"StatusCode":"200"}`, Failed, "why"},
		{hook("true", body), "!", `{"StatusCode":"200"}`, Failed, "No response"},
		{hook("true", ""), "200 {}", `{"StatusCode":"200"}`, Failed, "needs POST, a body"},
		{hook("true", `"body":"text",`), "200 {}", `{"StatusCode":"200"}`, Failed, "no JSON object"},
	} {
		synctest.Test(t, func(t *testing.T) {
			got, seen := play(t, func(r *Runner) {
				if tt.post != "" {
					r.Callbacks.(*service).called <- []byte(tt.post)
				}
			}, tt.activity, tt.answer)
			if got.Status != tt.status || !strings.Contains(got.Message, tt.want) {
				t.Errorf("%s, then %s: got %+v, want %s with %q", tt.answer, tt.post, got, tt.status, tt.want)
			}
			if len(seen) == 1 && seen[0] != `POST https://app/x Content-Type:application/json {"a":"run-1","callBackUri":"https://adf.example/callback?sig=s"}` {
				t.Errorf("got the request %s, want one with callBackUri", seen[0])
			}
		})
	}
}

func TestControl(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct{ activities, status, want string }{
			{`{"name":"X","type":"Fail","typeProperties":{"message":"@concat('no ', pipeline().parameters.p)","errorCode":"E"}}`, Failed, "no v"},
			{`{"name":"X","type":"Fail","typeProperties":{"message":"@activity('Y').output","errorCode":"E"}}`, Failed, "has not run"},
			{`{"name":"I","type":"IfCondition","typeProperties":{"expression":{"value":"@equals(1,2)","type":"Expression"},"ifTrueActivities":[{"name":"X","type":"Fail","typeProperties":{"message":"yes","errorCode":"E"}}],"ifFalseActivities":[{"name":"X","type":"Fail","typeProperties":{"message":"no","errorCode":"E"}}]}}`, Failed, "no"},
			{`{"name":"U","type":"Until","typeProperties":{"timeout":"0.01:00:00","expression":"@equals(activity('W').output.status,'Succeeded')","activities":[{"name":"S","type":"Wait","typeProperties":{"waitTimeInSeconds":15}},` + web("W", "") + `]}}`, Succeeded, ""},
		} {
			got, _ := play(t, nil, tt.activities, `200 {"status":"Running"}`, `200 {"status":"Succeeded"}`)
			if got.Status != tt.status || !strings.Contains(got.Message, tt.want) {
				t.Errorf("%s: got %+v, want %s with %q", tt.activities, got, tt.status, tt.want)
			}
		}
		got, _ := play(t, nil, `{"name":"U","type":"Until","typeProperties":{"expression":"@equals(activity('W').output.status,'Succeeded')","activities":[`+web("W", "")+`]}}`, `409 why`)
		if got.Status != Failed || !strings.Contains(got.Message, "why") {
			t.Errorf("an Until whose activity fails: got %+v, want %s with the reason", got, Failed)
		}
		for forgiving, want := range map[bool]string{true: Succeeded, false: Failed} {
			got, _ := play(t, func(r *Runner) { r.Forgiving = forgiving }, `{"name":"U","type":"Until","typeProperties":{"expression":"@equals(activity('W').Status,'Failed')","activities":[`+web("W", "")+`]}}`, `409 why`)
			if got.Status != want {
				t.Errorf("an Until that ends with a failure, forgiving %t: got %+v, want %s", forgiving, got, want)
			}
		}
	})
}

// OUT: try-catch, do-if-else and do-if-skip-else of the documents.
func TestEndOfAPipeline(t *testing.T) {
	t.Parallel()
	after := func(activity, condition string) string {
		return `"dependsOn":[{"activity":"` + activity + `","dependencyConditions":["` + condition + `"]}],`
	}
	for _, tt := range []struct{ activities, first, status string }{
		{web("A", "") + "," + web("B", after("A", "Failed")), "500", Succeeded},    // caught
		{web("A", "") + "," + web("B", after("A", "Failed")), "200 {}", Succeeded}, // nothing to catch
		{web("A", "") + "," + web("B", after("A", "Failed")) + "," + web("C", after("A", "Succeeded")), "500", Failed},
		{web("A", "") + "," + web("B", after("A", "Succeeded")), "500", Failed},
		{web("A", "") + "," + web("B", after("A", "Completed")), "500", Succeeded},
		{web("B", after("A", "Skipped")) + "," + web("A", ""), "200 {}", Succeeded},
	} {
		if got, _ := play(t, nil, tt.activities, tt.first, "200 {}"); got.Status != tt.status {
			t.Errorf("%s with %s first: got %+v, want %s", tt.activities, tt.first, got, tt.status)
		}
	}
}

func TestFabricAddresses(t *testing.T) {
	t.Parallel()
	fabric := `{"name":"W","type":"WebActivity","externalReferences":{"connection":"c1"},"typeProperties":{"method":"GET","relativeUrl":"/api/x"}}`
	if _, seen := play(t, nil, fabric, "200 {}"); !slices.Equal(seen, []string{"GET https://app/api/x"}) {
		t.Errorf("got requests %q, want one to the address of the connection", seen)
	}
	if got, _ := play(t, nil, strings.Replace(fabric, "c1", "c2", 1), "200 {}"); got.Status != Failed || !strings.Contains(got.Message, "c2") {
		t.Errorf("an unknown connection: got %+v, want %s with its id", got, Failed)
	}
}

// Unknown activities and members are errors, never skipped.
func TestWhatCannotRun(t *testing.T) {
	t.Parallel()
	r := &Runner{Client: &http.Client{Transport: &service{answers: []string{"200 {}"}}}}
	for name, tt := range map[string]struct {
		activities string
		parameters map[string]any
	}{
		"unknown type":      {`{"name":"A","type":"Copy"}`, nil},
		"unknown property":  {`{"name":"A","type":"Fail","typeProperties":{"mesage":"x"}}`, nil},
		"unknown service":   {`{"name":"A","type":"AzureFunctionActivity","typeProperties":{"method":"GET"}}`, nil},
		"unknown before":    {web("A", `"dependsOn":[{"activity":"B","dependencyConditions":["Succeeded"]}],`), nil},
		"missing parameter": {web("A", ""), map[string]any{}},
		"unknown parameter": {web("A", ""), map[string]any{"p": "v", "r": "v"}},
	} {
		d, err := Parse([]byte(`{"properties":{"parameters":{"p":{"type":"string"}},"activities":[` + tt.activities + `]}}`))
		if err != nil {
			t.Fatal(err)
		}
		if tt.parameters == nil {
			tt.parameters = map[string]any{"p": "v"}
		}
		if got, err := r.Run(t.Context(), d, "1", tt.parameters); err == nil {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
	for _, text := range []string{"", "{}", `{"properties":{"activities":[]}}`} {
		if d, err := Parse([]byte(text)); err == nil {
			t.Errorf("Parse(%q): got %+v, want an error", text, d)
		}
	}
}

func TestReadFunction(t *testing.T) {
	t.Parallel()
	text := `{"name":"F","properties":{"type":"AzureFunction","typeProperties":{"functionAppUrl":"https://app","functionKey":{"type":"AzureKeyVaultSecret","store":{"referenceName":"V"},"secretName":"s"}}}}`
	name, f, err := ReadFunction([]byte(text), func(store, name string) string { return store + "/" + name })
	if err != nil || name != "F" || f != (Function{"https://app", "V/s"}) {
		t.Errorf("got %s, %+v, %v; want F, https://app, V/s", name, f, err)
	}
	if _, _, err := ReadFunction([]byte(`{"properties":{"type":"AzureKeyVault"}}`), nil); err == nil {
		t.Error("ReadFunction of a vault: got no error, want one")
	}
}
