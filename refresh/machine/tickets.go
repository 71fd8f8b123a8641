package machine

import (
	"encoding/base64"
	"encoding/binary"
	"regexp"
	"slices"
	"strings"
)

// Ticket is what the document knows a keyed request by: a number in a stream of one
// process. Requests that share an operation mostly have numbers in a row, and a document
// keeps the runs. So the size of its trace follows from the processes, not from the keys.
type Ticket struct {
	Stream string // 16 hex digits
	Number int64  // from 1
}

var streamPattern = regexp.MustCompile(`^[0-9a-f]{16}$`)

// Valid reports whether the ticket has the form that documents take.
func (t Ticket) Valid() bool { return streamPattern.MatchString(t.Stream) && t.Number > 0 }

// tickets is a set of tickets: STREAM=RUNS, separated by spaces. RUNS are, in base64, pairs
// of unsigned varints: how many numbers are left out, how many follow.
type tickets string

// run is a range of numbers, from included, to excluded.
type run struct{ from, to int64 }

var runsEncoding = base64.RawURLEncoding

// of returns the place of the runs of a stream: set[begin:end].
func (set tickets) of(stream string) (begin, end int, found bool) {
	begin = strings.Index(string(set), stream+"=")
	if begin < 0 {
		return 0, 0, false
	}
	begin += len(stream) + 1
	end = len(set)
	if n := strings.IndexByte(string(set[begin:]), ' '); n >= 0 {
		end = begin + n
	}
	return begin, end, true
}

func (set tickets) has(t Ticket) bool {
	begin, end, found := set.of(t.Stream)
	if !found || !t.Valid() {
		return false
	}
	for _, r := range decodeRuns(string(set[begin:end])) {
		if r.from <= t.Number && t.Number < r.to {
			return true
		}
	}
	return false
}

// with returns the set with one more.
func (set tickets) with(t Ticket) tickets {
	begin, end, found := set.of(t.Stream)
	if !found {
		one := tickets(t.Stream + "=" + encodeRuns([]run{{t.Number, t.Number + 1}}))
		if set == "" {
			return one
		}
		return set + " " + one
	}
	runs := insertRun(decodeRuns(string(set[begin:end])), t.Number)
	return set[:begin] + tickets(encodeRuns(runs)) + set[end:]
}

// insertRun adds a number to runs that do not have it.
func insertRun(runs []run, n int64) []run {
	i := len(runs)
	for i > 0 && runs[i-1].from > n {
		i--
	}
	after := i > 0 && runs[i-1].to == n
	before := i < len(runs) && runs[i].from == n+1
	switch {
	case after && before:
		runs[i-1].to = runs[i].to
		return slices.Delete(runs, i, i+1)
	case after:
		runs[i-1].to = n + 1
		return runs
	case before:
		runs[i].from = n
		return runs
	}
	return slices.Insert(runs, i, run{n, n + 1})
}

func encodeRuns(runs []run) string {
	var b []byte
	last := int64(0)
	for _, r := range runs {
		b = binary.AppendUvarint(b, uint64(r.from-last)) //nolint:gosec // runs ascend
		b = binary.AppendUvarint(b, uint64(r.to-r.from)) //nolint:gosec // and are not empty
		last = r.to
	}
	return runsEncoding.EncodeToString(b)
}

// decodeRuns ignores what is not readable: another tool may have written the document.
func decodeRuns(text string) []run {
	b, err := runsEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	runs, last := make([]run, 0, len(b)/2), int64(0)
	for len(b) > 0 {
		gap, n := binary.Uvarint(b)
		length, m := binary.Uvarint(b[max(n, 0):])
		if n <= 0 || m <= 0 || gap > 1<<48 || length == 0 || length > 1<<48 || last > 1<<60 {
			return runs
		}
		r := run{from: last + int64(gap)} //nolint:gosec // bounded above
		r.to = r.from + int64(length)     //nolint:gosec // bounded above
		runs, last, b = append(runs, r), r.to, b[n+m:]
	}
	return runs
}
