package expr

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// builtin are the functions that depend on their arguments alone.
func builtin() Scope {
	return Scope{
		"concat": func(args ...any) (any, error) {
			var b strings.Builder
			for _, arg := range args {
				b.WriteString(String(arg))
			}
			return b.String(), nil
		},
		"coalesce": func(args ...any) (any, error) {
			for _, arg := range args {
				if arg != nil {
					return arg, nil
				}
			}
			return nil, nil
		},
		"string": one(func(arg any) (any, error) { return String(arg), nil }),
		"json": one(func(arg any) (any, error) {
			var value any
			err := json.Unmarshal([]byte(String(arg)), &value)
			return value, err
		}),
		"not":      one(func(arg any) (any, error) { return arg != true, nil }),
		"equals":   two(func(a, b any) (any, error) { return reflect.DeepEqual(a, b), nil }),
		"contains": two(func(a, b any) (any, error) { return strings.Contains(String(a), String(b)), nil }),
		"or":       two(func(a, b any) (any, error) { return a == true || b == true, nil }),
		"split": two(func(text, by any) (any, error) {
			var parts []any
			for _, part := range strings.Split(String(text), String(by)) {
				parts = append(parts, part)
			}
			return parts, nil
		}),
		"last": one(func(arg any) (any, error) {
			list, ok := arg.([]any)
			if !ok || len(list) == 0 {
				return nil, fmt.Errorf("no list with a last item: %v", arg)
			}
			return list[len(list)-1], nil
		}),
		"replace": func(args ...any) (any, error) {
			if len(args) != 3 {
				return nil, fmt.Errorf("three arguments, not %d", len(args))
			}
			return strings.ReplaceAll(String(args[0]), String(args[1]), String(args[2])), nil
		},
		"if": func(args ...any) (any, error) {
			if len(args) != 3 {
				return nil, fmt.Errorf("three arguments, not %d", len(args))
			}
			if args[0] == true {
				return args[1], nil
			}
			return args[2], nil
		},
	}
}

func one(fn func(any) (any, error)) Func {
	return func(args ...any) (any, error) {
		if len(args) != 1 {
			return nil, fmt.Errorf("one argument, not %d", len(args))
		}
		return fn(args[0])
	}
}

func two(fn func(a, b any) (any, error)) Func {
	return func(args ...any) (any, error) {
		if len(args) != 2 {
			return nil, fmt.Errorf("two arguments, not %d", len(args))
		}
		return fn(args[0], args[1])
	}
}
