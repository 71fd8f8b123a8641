package funchost

import (
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// posts are the invocations that the handler of one host got.
type posts struct {
	mu   sync.Mutex
	list []wireMessage
}

func (p *posts) handle(head wireMessage) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, head)
	return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
}

func (p *posts) all() []wireMessage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.list)
}

// TestOneOfTwoHostsRunsATimer: of two hosts on one storage exactly one runs it,
// and when that stops, the other.
func TestOneOfTwoHostsRunsATimer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "status.json")
		var got [2]posts
		var hosts [2]*bubble
		for i := range hosts {
			hosts[i] = &bubble{handle: got[i].handle, schedule: "0 * * * * *"}
			startBubble(t, "", hosts[i], func(o *Options) { o.StatusFile = file })
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		first := 0
		if len(got[0].all()) == 0 {
			first = 1
		}
		if a, b := len(got[first].all()), len(got[1-first].all()); a != 3 || b != 0 {
			t.Fatalf("%d and %d runs in three minutes, want 3 and 0", a, b)
		}
		_ = hosts[first].Close()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if a, b := len(got[first].all()), len(got[1-first].all()); a != 3 || b != 2 {
			t.Errorf("%d and %d runs two minutes after the first host, want 3 and 2", a, b)
		}
	})
}

var (
	guids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	times = regexp.MustCompile(`"UtcNow":"[0-9T:.Z-]*"`)
	ports = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)
)

// TestTimerMessage has the whole request of a timer, as a host 4.1037 was seen to
// send it.
func TestTimerMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got posts
		b := &bubble{handle: got.handle, schedule: "0 * * * * *"}
		startBubble(t, "", b)
		time.Sleep(time.Minute)
		synctest.Wait()
		if status := b.call(http.MethodPost+" /admin/functions/Tick?code="+b.MasterKey(), `{"input":"by hand"}`); status != "HTTP/1.1 202 Accepted" {
			t.Fatal(status)
		}
		synctest.Wait()
		list := got.all()
		if len(list) != 2 {
			t.Fatalf("%d invocations, want one by schedule and one by hand", len(list))
		}
		for i, metadata := range []string{"", `,"tick":"by hand"`} {
			want := `{"Data":{"tick":{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}},` +
				`"Metadata":{"sys":{"MethodName":"Tick",TIME,"RandGuid":"GUID"}` + metadata + `}}`
			body := guids.ReplaceAllString(times.ReplaceAllString(list[i].Body, "TIME"), "GUID")
			if list[i].Line != "POST /Tick HTTP/1.1" || body != want {
				t.Errorf("%s\n got %s\nwant %s", list[i].Line, body, want)
			}
			headers := comparable(list[i].Headers)
			for j := range headers {
				headers[j] = ports.ReplaceAllString(headers[j], "HANDLER")
			}
			if want := []string{
				"content-type: application/json; charset=utf-8", "host: HANDLER", "user-agent: Azure-Functions-Host/4.1037.0.0",
				"x-azure-functions-hostversion: 4.1037.0.0", "x-azure-functions-invocationid: <guid>",
			}; !slices.Equal(headers[1:], want) || headers[0] != "content-length: "+length(list[i].Body) {
				t.Errorf("headers\n got %q\nwant %q", headers, want)
			}
		}
	})
}

func length(body string) string { return strconv.Itoa(len(body)) }
