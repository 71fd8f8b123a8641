package handler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

func TestCheckJSON(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, tc := range []struct{ name, body, says string }{
		{"object", `{"a":{"b":[1,"x",null,true]},"c":1e400}`, ""},
		{"space around", " \n{}\t ", ""},
		{"same name in different objects", `{"a":{"a":1},"b":{"a":[{"a":1},{"a":2}]}}`, ""},
		{"names that differ by case", `{"a":1,"A":2}`, ""},
		{"as deep as allowed", deep(maxDepth + 1), ""},
		{"too deep", deep(maxDepth + 2), "more than 16 deep"},
		{"duplicate", `{"a":1,"b":2,"a":3}`, `"a" is there twice`},
		{"duplicate inside", `{"a":[{},{"b":{"c":1,"c":2}}]}`, `"a[1].b.c" is there twice`},
		{"first of several", `{"x":{"b":1,"b":2},"a":1,"a":1}`, `"x.b" is there twice`},
		{"duplicate before an error", `{"a":1,"a":2,`, `"a" is there twice`},
		{"duplicate without a name", `{"":1,"":2}`, `"" is there twice`},
		{"empty", ``, "The body is empty"},
		{"blank", ` `, "The body is empty"},
		{"ends early", `{"a":`, "ends early"},
		{"ends in a string", `{"a":"b`, "ends early"},
		{"wrong bracket", `{"a":1]`, "near byte 6"},
		{"after the end", `{} {}`, "after the end"},
		{"garbage after the end", `{}}`, "after the end"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			problem := checkJSON([]byte(tc.body))
			switch {
			case tc.says == "" && problem != nil:
				t.Errorf("refused: %s", problem.Message)
			case tc.says != "" && (problem == nil || !strings.Contains(problem.Message, tc.says)):
				t.Errorf("got %+v, want %q", problem, tc.says)
			}
		})
	}
}

// A body costs what its size is worth, however it is built: long names around many
// short ones are not copied for each of them. (Not parallel: it looks at what the
// process allocates.)
func TestCheckJSONCostsNoMoreThanItsSize(t *testing.T) {
	long := strings.Repeat("n", maxBody/2)
	for name, body := range map[string]string{
		"members": `{"` + long + `":{` + manyMembers(3500) + `}}`,
		"items":   `{"` + long + `":[` + strings.Repeat("0,", 15_000) + `0]}`,
		"levels":  strings.Repeat(`{"`+long[:3000]+`":`, 10) + "[" + strings.Repeat("0,", 15_000) + "0]" + strings.Repeat("}", 10),
	} {
		if len(body) > maxBody {
			t.Fatalf("%s: %d bytes", name, len(body))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if problem := checkJSON([]byte(body)); problem != nil {
			t.Errorf("%s: %s", name, problem.Message)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 100*maxBody {
			t.Errorf("%s: %d KiB for a body of %d KiB", name, used>>10, len(body)>>10)
		}
	}
}

func manyMembers(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"%03x":0`, i))
	}
	return strings.Join(all, ",")
}

// FuzzCheckJSON: what passes is JSON to everybody, means the same to a reader that
// keeps the first of two members and to one that keeps the last, and is not deep.
func FuzzCheckJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[{"b":1,"c":"d"}]}`, `{"a":1,"a":2}`, `[[[[]]]]`, `{"a":1}x`, `"x"`, ` `, `{"\u0061":1,"a":2}`, "{\"\xff\":1,\"\xfe\":2}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		problem := checkJSON(body)
		if problem != nil {
			if problem.Code == "" || problem.Message == "" || problem.Target == "" && problem.Code == "InvalidJSON" {
				t.Errorf("a poor answer: %+v", problem)
			}
			return
		}
		if !json.Valid(body) {
			t.Fatal("it passes and is not JSON")
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, body); err != nil {
			t.Fatal(err)
		}
		if members(t, body) != strings.Count(stripStrings(compact.String()), ":") {
			t.Error("it passes, and members get lost")
		}
	})
}

// members counts the members that a reader keeps.
func members(t *testing.T, body []byte) int {
	t.Helper()
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return countMembers(v)
}

func countMembers(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		n += len(v)
		for _, member := range v {
			n += countMembers(member)
		}
	case []any:
		for _, item := range v {
			n += countMembers(item)
		}
	}
	return n
}

// stripStrings empties the strings of compact JSON.
func stripStrings(s string) string {
	var b strings.Builder
	inside := false
	for i := 0; i < len(s); i++ {
		switch {
		case inside && s[i] == '\\':
			i++
		case s[i] == '"':
			inside = !inside
		case !inside:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
