package kql

import (
	"fmt"
	"strings"
	"testing"
)

func rows(messages ...string) []Row {
	var all []Row
	for _, m := range messages {
		all = append(all, Row{"message": m, "customDimensions": Dynamic(map[string]any{"Category": "Host.Function.Console"})})
	}
	return all
}

func TestRun(t *testing.T) {
	t.Parallel()
	lines := rows(`{"event":"a","n":7,"s":"x"}`, `{"event":"b","n":-3}`, `no json`, `[1]`, `{"event":"\u0061","n":"12"}`)
	for query, want := range map[string]string{
		`traces | extend l = parse_json(message) | where tostring(l.event) == "a" | project s = tostring(l.s)`:               "[map[s:x] map[s:]]",
		`traces | extend l = parse_json(message) | where l.event == "b" | project n = toint(l.n)`:                            "[map[n:-3]]",
		`traces | extend l = parse_json(message) | where toint(l.n) >= 7 and tostring(l.s) != "x" | project n = toint(l.n)`:  "[map[n:12]]",
		`traces | extend l = parse_json(message), k = 1 | where toint(l.n) < 0 or (tostring(l.s) == "x") | project k`:        "[map[k:1] map[k:1]]",
		`traces | where customDimensions.Category == "Host.Function.Console" | where message == "no json" | project message`: "[map[message:no json]]",
		`traces | where customDimensions.Other == "x" | project message`:                                                     "[]",
	} {
		q, err := Parse(query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		got, err := q.Run(lines)
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s\n got %v, %v\nwant %s", query, got, err, want)
		}
	}
}

func TestWhatIsNotKusto(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		`traces | were x == 1`:                             "no operator were",
		`traces | where lower(message) == "a"`:             "no function lower",
		`traces | where message`:                           "comparison is missing",
		`traces where message == "a"`:                      `"|" is missing`,
		`traces | where message == 'a'`:                    "nothing begins with",
		`traces | extend a`:                                `"=" is missing`,
		`traces | where message ==`:                        "ends where a value",
		`traces | where (message == "a"`:                   `")" is missing`,
		`traces | where massage == "a"`:                    "no column massage",
		`traces | where message.x == "a"`:                  "not dynamic",
		`traces | where message == 1`:                      "string is compared with float64",
		`traces | where parse_json(message) == "a"`:        "must be converted",
		`traces | where toint(parse_json(message)) == "a"`: "number is compared with string",
	} {
		q, err := Parse(query)
		if err == nil {
			_, err = q.Run(append(rows(`{"a":1}`), rows(`3`)...))
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", query, err, want)
		}
	}
}
