package httpjson

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

const depth = 16

func TestParse(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	utf16 := "\xff\xfe{\x00}\x00"
	for _, tc := range []struct{ name, text, want string }{ // "kind offset path: words of the reason"; "": good
		{"object", `{"a":{"b":[1,"x",null,true,-1.5E+3]},"c":1e400}`, ""},
		{"space around", " \n{}\t ", ""},
		{"same name in different objects", `{"a":{"a":1},"b":{"a":[{"a":1},{"a":2}]}}`, ""},
		{"names that differ by case", `{"a":1,"A":2}`, ""},
		{"byte order mark", "\ufeff{\"a\":1}", ""},
		{"as deep as allowed", deep(depth), ""},
		{"brackets in a string", `["` + strings.Repeat("[", 40) + `\"["]`, ""},
		{"a pair of surrogates", `"\uD83D\ude00"`, ""},
		{"the replacement character itself", `"\ufffd \uFFFD` + "\ufffd" + `"`, ""},
		{"too deep", deep(depth + 1), "3 16 : more than 16 deep"},
		{"duplicate", `{"a":1,"b":2,"a":3}`, "4 13 .a: twice"},
		{"duplicate by escape", `{"a":1,"\u0061":3}`, "4 7 .a: twice"},
		{"duplicate inside", `{"a":[{},{"b":{"c":1,"c":2}}]}`, "4 21 .a[1].b.c: twice"},
		{"duplicate among many", `{` + members(40) + `,"m7":1}`, "4 311 .m7: twice"},
		{"duplicate without a name", `{"":1,"":2}`, "4 6 .: twice"},
		{"empty", ``, "0 0 : empty"},
		{"blank", " \r\n", "0 0 : empty"},
		{"only a mark", "\ufeff ", "0 0 : empty"},
		{"ends early", `{"a":`, "2 5 : ends early"},
		{"ends in a string", `{"a":"b`, "2 7 : ends early"},
		{"wrong bracket", `{"a":1]`, "2 6 : invalid character"},
		{"behind a mark", "\ufeff{x", "2 4 : invalid character"},
		{"after the end", `{} {}`, "2 3 : after its end"},
		{"garbage after the end", `{}}`, "2 2 : after its end"},
		{"trailing comma", `{"a":1,}`, "2 7 : invalid character"},
		{"Windows-1252", "{\"table\":\"Verk\xe4ufe\"}", "1 14 : UTF-8, such as Windows-1252"},
		{"UTF-16 with a mark", utf16, "1 0 : UTF-16"},
		{"UTF-16, other order", "\xfe\xff\x00{\x00}", "1 0 : UTF-16"},
		{"UTF-16 without a mark", utf16[2:], "1 0 : UTF-16"},
		{"first half of a pair", `{"a":"x\ud800y"}`, "1 5 : surrogate"},
		{"second half", `["\uDC00"]`, "1 1 : surrogate"},
		{"half and another escape", `["\ud800\u0041"]`, "1 1 : surrogate"},
		{"half in a name", `{"\ud800":1}`, "1 1 : surrogate"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tc.text), depth)
			if got := describe(err); !strings.HasPrefix(got, strings.SplitAfter(tc.want, ":")[0]) || tc.want == "" && err != nil ||
				!strings.Contains(got, tc.want[strings.Index(tc.want, ":")+1:][min(1, len(tc.want)):]) {
				t.Errorf("got %q, want %q, of %.100q", got, tc.want, tc.text)
			}
		})
	}
}

func describe(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%d %d %s: %v", e.Kind, e.Offset, e.Path, e)
}

func members(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"m%d":0`, i))
	}
	return strings.Join(all, ",")
}

// However a text is built, checking it costs at most eight times its size: what its reader
// adds stays below twenty. (Not parallel: it looks at what the process allocates.)
func TestParseCostsAMultipleOfItsSize(t *testing.T) {
	const size = 64 << 10
	fill := func(begin, unit, end string) string {
		return begin + strings.Repeat(unit, (size-len(begin)-len(end))/len(unit)) + end
	}
	for name, text := range map[string]string{
		"numbers":          fill(`{"a":[`, "1,", "1]}"),
		"empty arrays":     fill("[", "[],", "[]]"),
		"empty objects":    fill("[", "{},", "{}]"),
		"small objects":    fill("[", `{"":1},`, "1]"),
		"escaped strings":  fill("[", `"\n",`, "1]"),
		"escaped names":    fill("[", `{"\n":1},`, "1]"),
		"members":          `{` + members(5500) + `}`,
		"a long name":      `{"` + strings.Repeat("n", size/2) + `":[` + strings.Repeat("0,", 15_000) + `0]}`,
		"long escapes":     fill(`"`, `\u0061`, `"`),
		"deep, and broken": strings.Repeat("[", size),
		"broken at last":   fill("[", "1,", ""),
		"twice at last":    `{` + members(5500) + `,"m1":1}`,
		"blanks":           strings.Repeat(" ", size),
		"not UTF-8":        fill("[", "1,", "\xe4]"),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse([]byte(text), depth)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 8*uint64(len(text)) {
			t.Errorf("%s: %d KiB for a text of %d KiB (%v)", name, used>>10, len(text)>>10, err)
		}
	}
}
