package expr

import (
	"reflect"
	"strings"
	"testing"
)

func scope() Scope {
	output := map[string]any{"id": "7f", "error": map[string]any{"message": "It's gone."}, "n": 2.0}
	return Scope{
		"activity": func(args ...any) (any, error) { return map[string]any{"output": output, "name": args[0]}, nil },
		"pipeline": func(...any) (any, error) {
			return map[string]any{"RunId": "run-1", "parameters": map[string]any{"model": "m", "none": nil}}, nil
		},
	}
}

func TestEval(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		"plain":                                                    "plain",
		"@@escaped":                                                "@escaped",
		"someone@example.com":                                      "someone@example.com",
		"@pipeline().RunId":                                        "run-1",
		"@PIPELINE().RunId":                                        "run-1",
		"@{pipeline().RunId}-@{'x'}":                               "run-1-x",
		"@{activity('a').output.n}":                                "2",
		"@activity('a').output.n":                                  2.0,
		"@activity('a')['output']['id']":                           "7f",
		"@activity('a')?['nothing']?['more']":                      nil,
		"@activity('a')?.nothing?.more":                            nil,
		"@concat('a', ' b''s ', 3, null)":                          "a b's 3",
		"@last(split('https://app/api/x?sig=y', '/api/'))":         "x?sig=y",
		"@coalesce(null, activity('a')?.nothing, 'last')":          "last",
		"@equals(activity('a').output.id, '7f')":                   true,
		"@not(equals(1, 2))":                                       true,
		"@or(equals(1, 2), contains('Running', 'Run'))":            true,
		"@if(equals(1, 2), 'yes', 'no')":                           "no",
		"@json('{\"a\":[1]}').a":                                   []any{1.0},
		"@string(json('{\"a\":1}'))":                               `{"a":1}`,
		"@replace('a{t}{t}', '{t}', 'b')":                          "abb",
		`{"id":"@{activity('a').output.id}","o":@{json('{}')}}`:    `{"id":"7f","o":{}}`,
		"why: @{activity('Start').output.error.message} (@{-1.5})": "why: It's gone. (-1.5)",
	} {
		if got, err := Text(text, scope()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %#v, %v; want %#v", text, got, err, want)
		}
	}
}

func TestEvalReachesEverywhere(t *testing.T) {
	t.Parallel()
	got, err := Eval(map[string]any{"a": []any{"@pipeline().RunId", 1.0, true}}, scope())
	if want := map[string]any{"a": []any{"run-1", 1.0, true}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, %v; want %#v", got, err, want)
	}
	for _, bad := range []any{[]any{"@x()"}, map[string]any{"a": "@x()"}} {
		if _, err := Eval(bad, scope()); err == nil {
			t.Errorf("Eval(%v): got no error, want one", bad)
		}
	}
}

// Expressions that the service rejects are rejected here.
func TestErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"@pipeline().runid":             `property "runid" does not exist`,
		"@pipeline().parameters.none.x": `property "x"`,
		"@'text'?.length":               "does not exist",
		"@'text'.length":                "does not exist",
		"@unknown('a')":                 "no function unknown",
		"@concat('a'":                   "missing",
		"@concat('a' 'b')":              "missing",
		"@'open":                        "does not end",
		"@pipeline()?":                  "nothing follows",
		"@pipeline() more":              "unexpected",
		"@pipeline":                     `"(" is missing`,
		"@":                             "nothing to evaluate",
		"a @{pipeline().RunId":          "missing",
		"@{1-}":                         "missing",
		"@activity('a')[":               "nothing to evaluate",
		"@activity(x())":                "no function x",
		"@json('{')":                    "json()",
		"@not()":                        "one argument",
		"@replace('a')":                 "three arguments",
		"@equals(1)":                    "two arguments",
		"@if(true)":                     "three arguments",
		"@x()[1]":                       "no function x",
		"@activity('a')[x()]":           "no function x",
		"@{x()}":                        "no function x",
	} {
		if got, err := Text(text, scope()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s = %v, %v; want an error with %q", text, got, err, want)
		}
	}
}
