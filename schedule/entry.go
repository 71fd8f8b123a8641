package schedule

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata"

	"pbirefresh/internal/guid"
	"pbirefresh/internal/httpjson"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// Windows and the Functions image have no time zones of their own

// Entry is one schedule of a file.
type Entry struct {
	Name     string
	Enabled  bool
	Timing   Timing
	Requests []refresh.Request // one for each model
	CatchUp  CatchUp
	Grace    time.Duration // how late a missed slot may be caught up
	Spread   time.Duration
	Jitter   time.Duration
	Capacity string // name in the file's capacities; empty: not known
	Labels   map[string]string

	blackouts []window
}

// CatchUp is the policy for slots that were missed.
type CatchUp string

// The policies. See the package doc for what a missed slot is.
const (
	CatchUpSkip CatchUp = "skip"
	CatchUpOnce CatchUp = "once"
)

// Bounds of an entry.
const (
	maxModels = 100
	maxLabels = 16
	maxCrons  = 12
	maxOffset = 4 * time.Hour // of spread, and of jitter
	maxGrace  = 72 * time.Hour
)

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// requestMembers are the members that an entry has in common with the body of POST
// /api/refreshes. They are passed on unchanged.
func requestMembers() []string {
	return []string{"kind", "whenBusy", "timeout", "queueTimeout", "maxAttempts", "options"}
}

// entry reads one entry.
func (r *reader) entry(m *members, name string) Entry {
	e := Entry{Name: name, Enabled: m.boolean("enabled", true)}
	if !namePattern.MatchString(name) {
		m.problem("", "%.40q is no name: 1 to 64 letters, digits, - and _, beginning with a letter or digit", name)
	}
	e.Timing = r.timing(m)
	e.CatchUp, e.Grace = catchUp(m)
	e.Spread = m.minutes("spread", 0, time.Minute, maxOffset)
	e.Jitter = m.minutes("jitter", 0, time.Minute, maxOffset)
	if e.Timing.every > 0 && e.Jitter > e.Timing.every {
		m.problem("jitter", "is longer than every: slots would pile up behind one another")
	}
	e.blackouts = append(r.windows(m), r.file.blackouts...)
	e.Labels = labels(m)
	if e.Capacity = m.Text("capacity"); e.Capacity != "" {
		if _, known := r.file.Capacities[e.Capacity]; !known {
			m.problem("capacity", "%.40q is not among the capacities at the top of the file", e.Capacity)
		}
	}
	r.requests(m, &e)
	m.done()
	return e
}

func (r *reader) timing(m *members) Timing {
	t := Timing{zone: zone(m), every: m.minutes("every", 0, time.Minute, 24*time.Hour)}
	expressions := m.Get("cron")
	switch {
	case expressions.Missing() && m.Object.Member("every").Missing():
		m.problem("cron", `is missing: say when, with cron (such as "30 6 * * 1-5") or every (such as "2h")`)
	case !expressions.Missing() && !m.Object.Member("every").Missing():
		m.problem("every", "goes without cron: keep one")
	case expressions.Missing():
		t.text = "every " + length(t.every)
	default:
		t.crons, t.text = crons(m, expressions)
		t.text += "; " + t.zone.String()
	}
	return t
}

func crons(m *members, n httpjson.Value) ([]cron, string) {
	texts := m.strings(n, "cron", "five fields such as 30 6 * * 1-5")
	if len(texts) > maxCrons {
		m.problem("cron", "has more than %d expressions: make it several entries", maxCrons)
		return nil, ""
	}
	var list []cron
	for i, text := range texts {
		c, err := parseCron(text)
		if err != nil {
			m.problem("cron", "%v", err)
		}
		list, texts[i] = append(list, c), strings.Join(strings.Fields(text), " ")
	}
	return list, strings.Join(texts, " | ")
}

// zone reads an IANA name. "Local" is refused: it is another one on each machine.
func zone(m *members) *time.Location {
	name := m.Text("timeZone")
	if name == "" {
		return time.UTC
	}
	if zone, err := time.LoadLocation(name); err == nil && name != "Local" {
		return zone
	}
	if iana, ok := FromWindows(name); ok {
		m.problem("timeZone", "%q is a name of Windows: write %s", name, iana)
		return time.UTC
	}
	m.problem("timeZone", "%.60q is no IANA time zone: write one, such as Europe/Berlin, America/New_York or UTC", name)
	return time.UTC
}

func catchUp(m *members) (CatchUp, time.Duration) {
	mode := CatchUp(m.word("catchUp", string(CatchUpSkip), string(CatchUpOnce)))
	grace := m.minutes("grace", 6*time.Hour, onTime, maxGrace)
	if mode != CatchUpOnce && !m.Object.Member("grace").Missing() {
		m.problem("grace", "goes with catchUp once: it says how late a missed slot may still be started")
	}
	return mode, grace
}

func (r *reader) windows(m *members) []window {
	var list []window
	for i, item := range m.array("blackout", 50) {
		list = append(list, windowOf(m.object(item, fmt.Sprintf("%s[%d]", m.At("blackout"), i))))
	}
	return list
}

func labels(m *members) map[string]string {
	n := m.Get("labels")
	if n.Missing() {
		return nil
	}
	o := m.object(n, m.At("labels"))
	if n.Len() > maxLabels {
		m.problem("labels", "has more than %d members", maxLabels)
	}
	list := map[string]string{}
	for member := range n.Members() {
		if value := o.Text(member.Name); len(member.Name) > 64 || len(value) > 256 {
			o.problem(member.Name, "is too long: at most 64 characters of name and 256 of text")
		} else {
			list[member.Name] = value
		}
	}
	return list
}

// requests reads the models and, for each, what the HTTP route would be asked for.
func (r *reader) requests(m *members, e *Entry) {
	body := map[string]any{}
	for _, name := range requestMembers() {
		if raw := m.raw(name); raw != nil && r.says(m, m.Object.Member(name), m.At(name)) {
			body[name] = raw
		}
	}
	models := r.models(m)
	if len(models) == 0 { // reported; the rest can be checked all the same
		models = []machine.Model{{WorkspaceID: sampleID, DatasetID: sampleID}}
	}
	for i, model := range models {
		body["workspaceId"], body["datasetId"] = model.WorkspaceID, model.DatasetID
		text, err := json.Marshal(body)
		if err != nil {
			m.problem("", "cannot be read: %v", err)
			return
		}
		request, wrong := r.read(text)
		if i == 0 { // the same for all
			r.report(m, wrong)
		}
		e.Requests = append(e.Requests, request)
	}
}

// says refuses null and empty texts, which the route takes for absent because the
// expressions of pipelines write them. In a file they are slips.
func (r *reader) says(m *members, n httpjson.Value, path string) bool {
	if n.Raw() == `""` || n.Raw() == "null" {
		m.problems.add(n.Offset(), path, "is empty: leave it out, or say something")
		return false
	}
	ok := true
	for member := range n.Members() {
		ok = r.says(m, member.Value, path+"."+clip(member.Name)) && ok
	}
	i := 0
	for item := range n.Items() {
		ok = r.says(m, item, fmt.Sprintf("%s[%d]", path, i)) && ok
		i++
	}
	return ok
}

const sampleID = "00000000-0000-0000-0000-000000000000"

// report adds the problems that the route's own reader found, at their place in the file.
func (r *reader) report(m *members, wrong []Wrong) {
	for _, w := range wrong {
		at := m.Object
		for part := range strings.FieldsFuncSeq(w.Field, func(c rune) bool { return strings.ContainsRune(".[]", c) }) {
			if next := step(at, part); !next.Missing() {
				at = next
			}
		}
		m.problems.add(at.Offset(), m.At(w.Field), "%s", w.Message)
	}
}

// models reads workspaceId and datasetId, or an array of both.
func (r *reader) models(m *members) []machine.Model {
	items := m.array("models", maxModels)
	if m.Object.Member("models").Missing() {
		model, ok := modelOf(m)
		if !ok {
			return nil
		}
		return []machine.Model{model}
	}
	for _, name := range []string{"workspaceId", "datasetId"} {
		if !m.Get(name).Missing() {
			m.problem(name, "goes without models: keep one")
		}
	}
	var list []machine.Model
	seen := map[machine.Model]bool{}
	for i, item := range items {
		o := m.object(item, fmt.Sprintf("%s[%d]", m.At("models"), i))
		model, ok := modelOf(o)
		o.done()
		if ok && seen[model] {
			o.problem("datasetId", "names a model that is there already: keep one")
		} else if ok {
			list = append(list, model)
		}
		seen[model] = true
	}
	return list
}

func modelOf(m *members) (machine.Model, bool) {
	model := machine.Model{WorkspaceID: strings.ToLower(m.Text("workspaceId")), DatasetID: strings.ToLower(m.Text("datasetId"))}
	ok := true
	for _, id := range [][2]string{{"workspaceId", model.WorkspaceID}, {"datasetId", model.DatasetID}} {
		const what = "the GUID that stands in the address of the workspace or model in the Power BI portal"
		switch {
		case guid.Valid(id[1]):
			continue
		case m.Object.Member(id[0]).Missing():
			m.problem(id[0], "is missing: say "+what)
		case id[1] != "": // else it is reported already
			m.problem(id[0], "must be "+what)
		}
		ok = false
	}
	return model, ok
}
