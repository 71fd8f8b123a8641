package integrations

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
)

// sensor is what airflow/refresh_model.py makes of an HttpSensor: which codes are
// the end, which are not yet, and all others a failure. A sensor without such a
// check takes every 2xx for the end (seen:
// apache/airflow:providers/http/src/airflow/providers/http/sensors/http.py).
type sensor struct {
	done  int
	notes []string // not yet
	above int      // not yet, from here on
}

func readSensor(t *testing.T) sensor {
	t.Helper()
	text := string(raw(t, "airflow/refresh_model.py"))
	m := regexp.MustCompile(`(?s)def ended\(response\):.*?if response\.status_code == (\d+):\s+return True\s+` +
		`if response\.status_code in \(([\d, ]+)\) or response\.status_code >= (\d+):\s+return False\s+raise AirflowFailException\(reason\(response\)\)`).FindStringSubmatch(text)
	if m == nil || !strings.Contains(text, "response_check=ended,") || strings.Count(text, `extra_options={"check_response": False}`) != 2 {
		t.Fatal("airflow/refresh_model.py is not as this test reads it")
	}
	done, _ := strconv.Atoi(m[1])
	above, _ := strconv.Atoi(m[3])
	if !strings.Contains(text, statusPath) || !strings.Contains(text, `endpoint="{{ ti.xcom_pull(task_ids='start') }}",`) {
		t.Fatal("airflow/refresh_model.py does not follow the status URL as this test does")
	}
	return sensor{done, strings.Split(m[2], ", "), above}
}

// statusPath is what the sensor asks for: it has the host from its connection.
const statusPath = `return "api/" + response.json()["statusUrl"].rpartition("/api/")[2]`

// poke follows a refresh as HttpSensor does and returns the last answer.
func (s sensor) poke(t *testing.T, a *app, doc handler.StatusDocument) (int, string) {
	t.Helper()
	path := doc.StatusURL[strings.LastIndex(doc.StatusURL, "/api/"):]
	for ctx := patience(t); ; {
		resp, body := a.get(t, a.host.URL()+path)
		waits := resp.StatusCode >= s.above
		for _, note := range s.notes {
			waits = waits || strconv.Itoa(resp.StatusCode) == note
		}
		if !waits {
			return resp.StatusCode, body
		}
		select {
		case <-ctx.Done():
			return 0, "it does not end"
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// get reads an address without any key.
func (a *app) get(t *testing.T, address string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestAirflow(t *testing.T) {
	t.Parallel()
	a, s := startApp(t), readSensor(t)
	for name, tt := range map[string]struct {
		ref  sim.Ref
		code int
		want string
	}{
		"succeeds": {a.model(t, sim.Knobs{}), s.done, `"status":"Succeeded"`},
		"fails":    {a.failing(t), http.StatusConflict, reason},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if code, body := s.poke(t, a, a.start(t, tt.ref)); code != tt.code || !strings.Contains(body, tt.want) {
				t.Errorf("%d %s", code, body)
			}
		})
	}
}
