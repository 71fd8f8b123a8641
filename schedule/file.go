package schedule

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"pbirefresh/internal/httpjson"
	"pbirefresh/refresh"
)

// File is a valid schedule file.
type File struct {
	Version    string // of its content: equal texts, equal versions
	Entries    []Entry
	Capacities map[string]string // name to SKU

	blackouts []window // of all entries
}

// Wrong is a problem with a member that an entry shares with POST /api/refreshes.
type Wrong struct {
	Field   string // such as options.objects[0].table
	Message string
}

// RequestReader reads a body as the route POST /api/refreshes does, so that an entry
// takes exactly what a caller may send. It does no I/O.
type RequestReader func(body []byte) (refresh.Request, []Wrong)

// Bounds of a file.
const (
	maxEntries = 500
	maxTargets = 1000 // entries times their models
)

// Parse reads a schedule file. Its error is a [*FileError] that lists everything that is
// wrong.
func Parse(text []byte, read RequestReader) (*File, error) {
	r := &reader{read: read, file: &File{Version: Version(text), Capacities: map[string]string{}}}
	p := &problems{text: text}
	root, err := parseText(text)
	var wrong *httpjson.Error
	if errors.As(err, &wrong) {
		if wrong.Kind == httpjson.Duplicate {
			p.add(wrong.Offset, strings.TrimPrefix(wrong.Path, "."), "is there twice: keep one")
		} else {
			p.add(wrong.Offset, "", "the file is not JSON: %s", wrong.Reason)
		}
		return nil, p.err()
	}
	top := p.object(root, "")
	r.top(top)
	if err := p.err(); err != nil {
		return nil, err
	}
	return r.file, nil
}

// Version names the content of a file.
func Version(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// reader reads one file.
type reader struct {
	file *File
	read RequestReader
}

func (r *reader) top(m *members) {
	m.Text("$schema") // for editors
	r.capacities(m)
	r.file.blackouts = r.windows(m)
	list := m.Get("schedules")
	if list.Missing() {
		m.problem("schedules", `is missing: write "schedules": {"a-name": {...}}; {} has none`)
		m.done()
		return
	}
	entries := m.object(list, "schedules")
	targets := 0
	for member := range list.Members() {
		e := r.entry(m.object(member.Value, entries.At(clip(member.Name))), member.Name)
		r.file.Entries = append(r.file.Entries, e)
		targets += len(e.Requests)
	}
	if len(r.file.Entries) > maxEntries || targets > maxTargets {
		m.problem("schedules", "has %d entries with %d models: at most %d and %d; split them over several apps", len(r.file.Entries), targets, maxEntries, maxTargets)
	}
	m.done()
}

func (r *reader) capacities(m *members) {
	n := m.Get("capacities")
	o := m.object(n, "capacities")
	for member := range n.Members() {
		sku := o.Text(member.Name)
		if _, known := parallelism(sku); sku != "" && !known && sku != sharedCapacity {
			o.problem(member.Name, "%.20q is no SKU whose limits are known: write F2 to F2048, P1 to P5, A1 to A4, or %s", sku, sharedCapacity)
		}
		r.file.Capacities[member.Name] = sku
	}
}

// step is the member or the item of that name or number.
func step(n httpjson.Value, part string) httpjson.Value {
	if n.Type() != httpjson.Array {
		return n.Member(part)
	}
	at := 0
	for item := range n.Items() {
		if strconv.Itoa(at) == part {
			return item
		}
		at++
	}
	return httpjson.Value{}
}
