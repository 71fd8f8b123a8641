package machine

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden scenarios")

// TestScenarios plays the stories in testdata/scenarios. A story is a list of
// commands; below each stands what the machine did and how the model stands
// afterwards. Each event is followed by a tick, as in the coordinator.
//
//	arrive NAME... [options]   callers in one batch; see scenario.ask
//	answer KIND [options]      the POST of the attempt ended
//	look ROW... | look error   Power BI was read; ROW is ID:state[:type][:start]
//	cancel NAME [force]        a caller cancels
//	deleted                    the DELETE was answered
//	tick                       somebody asked whether a step is due
//	wait DURATION              time passes
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("only %d scenarios found (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("the machine does something else now (go test ./refresh -run Scenarios -update rewrites):\n%s", firstDifference(string(want), got))
			}
		})
	}
}

// play runs the commands of a story and returns it with fresh results.
func play(t *testing.T, story string) string {
	t.Helper()
	s := newScenario(t)
	var out strings.Builder
	for line := range strings.Lines(story) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "#"), line == "":
			out.WriteString(line + "\n")
		case strings.HasPrefix(line, "  "): // an old result
		default:
			out.WriteString(line + "\n")
			for _, l := range s.command(line) {
				out.WriteString("  " + l + "\n")
			}
		}
	}
	return strings.ReplaceAll(out.String(), "\n\n\n", "\n\n")
}

type scenario struct {
	t       *testing.T
	rules   Rules
	state   State
	start   time.Time
	now     time.Time
	ticks   int
	callers map[string]int64 // nonce -> operation
	effects []Effect
	made    []transition
}

func newScenario(t *testing.T) *scenario {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rules := DefaultRules()
	rules.PostLimit = time.Minute // keeps the stories short
	state := NewState(Model{WorkspaceID: "w", DatasetID: "d"}, "e")
	if _, err := state.Encode(); err != nil { // it knows its size then
		t.Fatal(err)
	}
	return &scenario{t: t, rules: rules, start: start, now: start, callers: map[string]int64{}, state: state}
}

func (s *scenario) command(line string) []string {
	s.t.Helper()
	words := strings.Fields(line)
	args := words[1:]
	s.effects = nil
	switch words[0] {
	case "arrive":
		s.arrive(args)
	case "answer":
		s.feed(Answered{At: At(s.now), Txn: s.txn(args), Answer: s.answer(args)})
	case "look":
		s.feed(s.observation(args))
	case "cancel":
		nonce := args[0]
		s.feed(CancelAsked{At: At(s.now), Epoch: s.state.Epoch, Number: s.callers[nonce], Nonce: nonce, Force: slices.Contains(args, "force")})
	case "deleted":
		s.feed(Deleted{At: At(s.now), Txn: s.txn(args)})
	case "archived":
		s.feed(Archived{At: At(s.now), Epoch: s.state.Epoch, Number: int64(s.number(args[0]))})
	case "wait":
		s.now = s.now.Add(s.duration(args[0]))
		return nil
	case "tick":
	default:
		s.t.Fatalf("unknown command %q", line)
	}
	s.ticks++
	s.feed(Tick{At: At(s.now), Txn: fmt.Sprintf("t%d", s.ticks)})
	return s.describe()
}

// feed gives the machine an event and checks what must hold after each.
func (s *scenario) feed(e Event) {
	s.t.Helper()
	before := s.state
	step := s.rules.step(before, e)
	after, effects := step.State, step.effects
	s.made = append(s.made, step.made...)
	checkStep(s.t, before, after)
	s.state = after
	for _, effect := range effects {
		if defect, ok := effect.(Unlisted); ok {
			s.t.Errorf("%T was refused: %v", e, defect)
		}
		if a, ok := effect.(Admit); ok {
			s.callers[a.Nonce] = a.Number
		}
	}
	s.effects = append(s.effects, effects...)
}

func (s *scenario) arrive(args []string) {
	for _, name := range args {
		if !strings.Contains(name, "=") {
			s.feed(Arrive{At: At(s.now), Nonce: name, Key: s.key(args), Owner: s.owner(args), Ask: s.ask(args)})
		}
	}
}

// owner is that of a request with owner=NAME.
func (s *scenario) owner(args []string) string {
	for _, arg := range args {
		if name, ok := strings.CutPrefix(arg, "owner="); ok {
			return OwnerMark(name)
		}
	}
	return ""
}

// key is that of a request with key=TEXT: for the same request if the options are. With
// ticket=N its claim has a ticket.
func (s *scenario) key(args []string) (k Key) {
	for _, arg := range args {
		if text, ok := strings.CutPrefix(arg, "key="); ok {
			k = NewKey("story", text, s.state.Model, s.ask(args))
		}
		if number, ok := strings.CutPrefix(arg, "ticket="); ok {
			k.Ticket = Ticket{"00000000000000aa", int64(s.number(number))}
		}
	}
	return k
}

// ask reads the options of a request: kind, type, commit, parallelism, tables=A,B or
// tables=A/P for a partition, busy, timeout, queueTimeout, attempts, key, ticket, owner.
func (s *scenario) ask(args []string) Ask {
	s.t.Helper()
	ask := Ask{Shape: Shape{Kind: Auto}, WhenBusy: WhenBusyQueue, Timeout: 12 * time.Hour, MaxAttempts: 3}
	for _, arg := range args {
		key, value, option := strings.Cut(arg, "=")
		switch {
		case !option, key == "key", key == "ticket", key == "owner":
		case key == "kind":
			ask.Shape.Kind = Kind(value)
		case key == "type":
			ask.Shape.Type = value
		case key == "tables":
			ask.Shape.Kind = Enhanced
			for table := range strings.SplitSeq(value, ",") {
				name, partition, _ := strings.Cut(table, "/")
				ask.Shape.Objects = append(ask.Shape.Objects, Object{name, partition})
			}
		case key == "busy":
			ask.WhenBusy = WhenBusy(value)
		case key == "timeout":
			ask.Timeout = s.duration(value)
		case key == "queueTimeout":
			ask.QueueTimeout = s.duration(value)
		case key == "commit":
			ask.Shape.CommitMode = value
		case key == "policy":
			ask.Shape.ApplyPolicy = new(value == "on")
		case key == "parallelism":
			ask.Tuning.MaxParallelism = new(s.number(value))
		case key == "attempts":
			ask.MaxAttempts = s.number(value)
		default:
			s.t.Fatalf("unknown option %q", arg)
		}
	}
	return ask
}

// answer reads the end of a POST: KIND [id=R] [named=R,R] [kind=K] [after=D] [code=C] and
// the words token, enhancedOnly, transient, ofBody, quota.
func (s *scenario) answer(args []string) Answer {
	s.t.Helper()
	a := Answer{Kind: AnswerKind(args[0]), Fault: &Fault{Code: "TestFault", Message: "the reason"}}
	for _, arg := range args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		switch key {
		case "id":
			a.RefreshID = value
		case "kind":
			a.Sent = Kind(value)
		case "after":
			a.RetryAfter = s.duration(value)
		case "named":
			a.Named = strings.Split(value, ",")
		case "code":
			a.Fault.Code = value
		case "token":
			a.TokenRejected = true
		case "enhancedOnly":
			a.EnhancedOnly = true
		case "transient":
			a.Fault.Transient = true
		case "ofBody":
			a.OfBody = true
		case "quota":
			a.Quota = true
		case "txn":
		default:
			s.t.Fatalf("unknown option %q", arg)
		}
	}
	return a
}

// observation reads a look: "error", "error=CODE", "refused=CODE", "gone" or "there" if the model was asked for as well, "after=D" of a 429, "sent=-D" for one that was
// held up, "detail", "asked=TYPE/MODE" and "objects=A:STATUS,B/1:STATUS" of the row before, and rows ID:state[:type[:start]],
// newest first, where start is an offset from now and "-" stands for no id.
func (s *scenario) observation(args []string) Observed {
	s.t.Helper()
	e := Observed{At: At(s.now), SentAt: s.now}
	if s.state.Attempt != nil {
		e.Txn = s.state.Attempt.Txn
	}
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		switch key {
		case "error":
			e.Err = &Fault{Code: cmp.Or(value, "Unavailable"), Message: "no answer", Transient: true}
		case "refused":
			e.Err = &Fault{Code: value, PowerBI: value, Message: "the reason"}
		case "gone":
			e.Err, e.Gone = &Fault{Code: "NotFound", PowerBI: "PowerBIEntityNotFound", Message: "not there"}, true
		case "there":
			e.There = true
		case "after":
			e.RetryAfter = s.duration(value)
		case "sent":
			e.SentAt = s.now.Add(s.duration(value))
		case "detail":
			e.Detail = true
		case "asked":
			kind, mode, _ := strings.Cut(value, "/")
			e.Rows[len(e.Rows)-1].Asked = Asked{kind, mode}
		case "objects":
			e.Rows[len(e.Rows)-1].Objects = progressOf(value)
		default:
			e.Rows = append(e.Rows, s.row(arg))
		}
	}
	return e
}

// progressOf reads A:Completed,B/1:Failed.
func progressOf(text string) []Progress {
	var list []Progress
	for part := range strings.SplitSeq(text, ",") {
		name, status, _ := strings.Cut(part, ":")
		table, partition, _ := strings.Cut(name, "/")
		list = append(list, Progress{Table: table, Partition: partition, Status: status})
	}
	return list
}

func (s *scenario) row(arg string) Row {
	s.t.Helper()
	parts := append(strings.Split(arg, ":"), "ViaEnhancedApi", "0s")
	if len(strings.Split(arg, ":")) == 3 {
		parts = append(strings.Split(arg, ":"), "0s")
	}
	r := Row{ID: parts[0], State: RowState(parts[1]), Type: parts[2], Word: parts[1]}
	if r.ID == "-" {
		r.ID = ""
	}
	if class, failed := strings.CutPrefix(parts[1], "failed/"); failed {
		r.State = RowFailed
		r.Fault = &Fault{Code: CodeRefreshFailed, Class: class, Message: "it failed: " + class, Transient: class == "capacity"}
	}
	r.Start = s.now.Add(s.duration(parts[3]))
	if r.State != RowInProgress {
		r.End = s.now
	}
	return r
}

func (s *scenario) txn(args []string) string {
	for _, arg := range args {
		if v, ok := strings.CutPrefix(arg, "txn="); ok {
			return v
		}
	}
	if s.state.Attempt == nil {
		return ""
	}
	return s.state.Attempt.Txn
}

func (s *scenario) duration(text string) time.Duration {
	s.t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *scenario) number(text string) int {
	s.t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "", ""
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\n want: %s\n  got: %s", i+1, a, b)
		}
	}
	return "none"
}
