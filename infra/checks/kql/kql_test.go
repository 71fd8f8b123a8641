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
		`traces | extend l = parse_json(message) | where tostring(l.event) == "a" | project s = tostring(l.s)`:                                                                                          "[map[s:x] map[s:]]",
		`traces | extend l = parse_json(message) | where l.event == "b" | project n = toint(l.n)`:                                                                                                       "[map[n:-3]]",
		`traces | extend l = parse_json(message) | where toint(l.n) >= 7 and tostring(l.s) != "x" | project n = toint(l.n)`:                                                                             "[map[n:12]]",
		`traces | extend l = parse_json(message), k = 1 | where toint(l.n) < 0 or (tostring(l.s) == "x") | project k`:                                                                                   "[map[k:1] map[k:1]]",
		`traces | where customDimensions.Category == "Host.Function.Console" | where message == "no json" | project message`:                                                                            "[map[message:no json]]",
		`traces | where customDimensions.Other == "x" | project message`:                                                                                                                                "[]",
		`traces | extend l = parse_json(message), k = 1 | extend e = tostring(l.event), n = toint(l.n) | summarize rows = count(), most = max(n), least = min(n) by e, k | order by rows desc | take 2`: "[map[e:a k:1 least:7 most:12 rows:2] map[e: k:1 least:<nil> most:<nil> rows:2]]",
		`traces | extend l = parse_json(message) | extend n = toint(l.n) | summarize most = max(n), least = min(n)`:                                                                                     "[map[least:-3 most:12]]",
		`traces | extend l = parse_json(message) | extend n = toint(l.n) | order by n asc | project n`:                                                                                                  "[map[n:<nil>] map[n:<nil>] map[n:-3] map[n:7] map[n:12]]",
		`traces | where message == "none such" | summarize n = count(), last = max(message)`:                                                                                                            "[map[last:<nil> n:0]]",
		`traces | where message == "none such" | summarize n = count() by message`:                                                                                                                      "[]",
		`traces | take 1 | project message | take 9`:                                                                                                                                                    `[map[message:{"event":"a","n":7,"s":"x"}]]`,
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
		`traces | were x == 1`:                               "no operator were",
		`traces | where lower(message) == "a"`:               "no function lower",
		`traces | where message`:                             "comparison is missing",
		`traces where message == "a"`:                        `"|" is missing`,
		`traces | where message == 'a'`:                      "nothing begins with",
		`traces | extend a`:                                  `"=" is missing`,
		`traces | where message ==`:                          "ends where a value",
		`traces | where (message == "a"`:                     `")" is missing`,
		`traces | where massage == "a"`:                      "no column massage",
		`traces | where message.x == "a"`:                    "not dynamic",
		`traces | where message == 1`:                        "string is compared with float64",
		`traces | where parse_json(message) == "a"`:          "must be converted",
		`traces | where toint(parse_json(message)) == "a"`:   "number is compared with string",
		`traces | summarize count()`:                         `"=" is missing`,
		`traces | summarize n = avg(message)`:                "no aggregate avg",
		`traces | summarize n = count`:                       `"(" is missing`,
		`traces | summarize n = max(massage)`:                "no column massage",
		`traces | summarize n = count() by massage`:          "no column massage",
		`traces | summarize n = count() by customDimensions`: "which is dynamic",
		`traces | order by message`:                          `"desc" is missing`,
		`traces | order message desc`:                        `"by" is missing`,
		`traces | order by massage desc`:                     "no column massage",
		`traces | order by customDimensions asc`:             "cannot be compared",
		`traces | take message`:                              "a number is missing",
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
