package funchost

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// hostCases is testdata/host-cases.json: what a real host was seen to do. Texts
// hold one byte a character.
type hostCases struct {
	App struct {
		RoutePrefix, HostKey, MasterKey string
		Disabled                        []string
		Triggers                        map[string]json.RawMessage
	}
	Cases []hostCase
}

type hostCase struct {
	ID             string
	Send           wireMessage
	Forwarded      *wireMessage
	ForwardedTimes int
	HandlerReply   *string
	Client         wireMessage
}

type wireMessage struct {
	Line    string
	Status  int
	Headers []string
	Body    string
}

// exceptions are cases that this package cannot reproduce, each with its reason.
// There is none.
var exceptions = map[string]string{}

// TestHostCases holds the host to the recorded real one.
func TestHostCases(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/host-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded hostCases
	if err := json.Unmarshal(content, &recorded); err != nil {
		t.Fatal(err)
	}
	handler := &recorder{}
	r := start(t, recorded.files(t), recorded.settings(), func(o *Options) {
		o.FunctionKey, o.MasterKey = recorded.App.HostKey, recorded.App.MasterKey
		o.newProcess, o.Logger = handler.process, nil
	})
	r.waitReady()
	for _, c := range recorded.Cases {
		t.Run(c.ID, func(t *testing.T) {
			if reason, excepted := exceptions[c.ID]; excepted {
				t.Log("exception: " + reason)
				return
			}
			handler.expect(c.HandlerReply)
			answer := exchange(t, strings.TrimPrefix(r.URL(), "http://"), c.Send)
			forwarded := handler.got()
			for i := range forwarded {
				forwarded[i] = handler.anonymous(forwarded[i])
			}
			c.check(t, forwarded, handler.anonymous(answer))
		})
	}
	if len(exceptions) > 15 {
		t.Errorf("%d exceptions, want at most 15", len(exceptions))
	}
}

// files is the app that the cases name.
func (c hostCases) files(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{"host.json": hostJSON(t, fmt.Sprintf(`"extensions":{"http":{"routePrefix":%q}}`, c.App.RoutePrefix))}
	for name, trigger := range c.App.Triggers {
		bindings := string(trigger)
		if !strings.Contains(bindings, "timerTrigger") {
			bindings += `,{"type":"http","direction":"out","name":"res"}`
		}
		files[name+"/function.json"] = `{"bindings":[` + bindings + `]}`
	}
	return files
}

func (c hostCases) settings() map[string]string {
	settings := make(map[string]string)
	for _, name := range c.App.Disabled {
		settings["AzureWebJobs."+name+".Disabled"] = "true"
	}
	return settings
}

func (c hostCase) check(t *testing.T, forwarded []wireMessage, client wireMessage) {
	t.Helper()
	called := c.Forwarded != nil || c.HandlerReply != nil
	times := 0
	if called {
		times = max(1, c.ForwardedTimes)
	}
	if len(forwarded) != times {
		t.Errorf("sent %q: the handler was called %d times, want %d: %+v", c.Send.Line, len(forwarded), times, forwarded)
	}
	if client.Status != c.Client.Status {
		t.Errorf("sent %q: status %d, want %d", c.Send.Line, client.Status, c.Client.Status)
	}
	if c.Forwarded != nil && len(forwarded) > 0 {
		compareMessages(t, "forwarded", forwarded[0], *c.Forwarded)
	}
	if called {
		compareMessages(t, "client", client, c.Client)
	}
}

// compareMessages compares line, headers and body.
func compareMessages(t *testing.T, end string, got, want wireMessage) {
	t.Helper()
	if want.Line != "" && got.Line != want.Line {
		t.Errorf("%s: line\n got %q\nwant %q", end, got.Line, want.Line)
	}
	if g, w := comparable(got.Headers), comparable(want.Headers); !slices.Equal(g, w) {
		t.Errorf("%s: headers\n got %q\nwant %q", end, g, w)
	}
	if got.Body != want.Body {
		t.Errorf("%s: body\n got %q\nwant %q", end, got.Body, want.Body)
	}
}

var ownGUID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

// comparable sorts header lines, with their names in small letters, without Date of
// an answer and with the invocation id replaced.
func comparable(headers []string) []string {
	var lines []string
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ":")
		if strings.EqualFold(name, invocationHeader) {
			value = ownGUID.ReplaceAllString(value, "<guid>")
		}
		lines = append(lines, strings.ToLower(name)+":"+value)
	}
	slices.Sort(lines)
	return lines
}

// exchange sends a message as it is over a connection of its own, and reads the
// answer to its end.
func exchange(t *testing.T, address string, m wireMessage) wireMessage {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(deadline))
	head := m.Line + "\r\n" + strings.Join(append(slices.Clone(m.Headers), "", ""), "\r\n")
	if _, err := io.WriteString(conn, toBytes(head+m.Body)); err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	answer := parseWire(fromLatin1(string(content)))
	answer.Headers = slices.DeleteFunc(answer.Headers, func(h string) bool { return strings.HasPrefix(h, "Date:") })
	answer.Status, _ = strconv.Atoi(strings.Split(answer.Line+" ", " ")[1])
	answer.Line = ""
	return answer
}

func parseWire(text string) wireMessage {
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	return wireMessage{Line: lines[0], Headers: lines[1:], Body: body}
}

// toBytes makes each character the byte of its code.
func toBytes(text string) string {
	var b []byte
	for _, r := range text {
		b = append(b, byte(r))
	}
	return string(b)
}
