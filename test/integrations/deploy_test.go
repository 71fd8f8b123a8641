package integrations

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pbirefresh/test/callers/expr"
)

// deploy is what Resource Manager makes of a template: the properties of each
// resource that has a condition which holds, by the last part of its name. Its
// expressions are those in brackets, and in grammar those of a pipeline
// (documented: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions).
func deploy(t *testing.T, text []byte, values map[string]string) map[string]any {
	t.Helper()
	var tpl struct {
		Parameters map[string]armParameter
		Resources  []map[string]any
	}
	if err := json.Unmarshal(text, &tpl); err != nil {
		t.Fatal(err)
	}
	scope := armScope(tpl.Parameters, values)
	deployed := map[string]any{}
	for _, r := range tpl.Resources {
		r, err := resolve(r, scope)
		if err != nil {
			t.Fatal(err)
		}
		resource := r.(map[string]any)
		for _, on := range resource["dependsOn"].([]any) {
			if _, there := deployed[on.(string)]; !there && on != byIdentity {
				t.Errorf("%v is deployed before %v, which it depends on", resource["name"], on)
			}
		}
		if holds, has := resource["condition"]; !has || holds == true {
			_, name, _ := strings.Cut(resource["name"].(string), "/")
			deployed[name] = resource["properties"]
		}
	}
	return deployed
}

func armScope(declared map[string]armParameter, values map[string]string) expr.Scope {
	return expr.Scope{
		"parameters": func(args ...any) (any, error) {
			p, ok := declared[args[0].(string)]
			if value, given := values[args[0].(string)]; ok && given {
				return value, nil
			}
			if !ok || p.Default == nil {
				return nil, fmt.Errorf("parameter %v is not declared or has no value", args[0])
			}
			return *p.Default, nil
		},
		"empty":      func(args ...any) (any, error) { return args[0] == "", nil },
		"resourceid": func(args ...any) (any, error) { return args[len(args)-1], nil },
	}
}

// resolve evaluates the expressions in brackets, wherever they are.
func resolve(value any, scope expr.Scope) (any, error) {
	switch v := value.(type) {
	case string:
		if strings.HasPrefix(v, "[") && strings.HasSuffix(v, "]") {
			return expr.Text("@"+v[1:len(v)-1], scope)
		}
		return v, nil
	case []any:
		for i := range v {
			var err error
			if v[i], err = resolve(v[i], scope); err != nil {
				return nil, err
			}
		}
		return v, nil
	case map[string]any:
		for name := range v {
			var err error
			if v[name], err = resolve(v[name], scope); err != nil {
				return nil, err
			}
		}
		return v, nil
	default:
		return value, nil
	}
}
