package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// functions are those of the language that infra/ calls.
func functions() map[string]function.Function {
	return map[string]function.Function{
		"try": tryfunc.TryFunc, "can": tryfunc.CanFunc,
		"coalesce": stdlib.CoalesceFunc, "compact": stdlib.CompactFunc, "concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc,
		"distinct": stdlib.DistinctFunc, "element": stdlib.ElementFunc, "floor": stdlib.FloorFunc, "formatdate": stdlib.FormatDateFunc,
		"join": stdlib.JoinFunc, "keys": stdlib.KeysFunc, "lookup": stdlib.LookupFunc, "max": stdlib.MaxFunc, "merge": stdlib.MergeFunc,
		"regex": stdlib.RegexFunc, "replace": stdlib.ReplaceFunc, "setintersection": stdlib.SetIntersectionFunc,
		"setsubtract": stdlib.SetSubtractFunc, "sort": stdlib.SortFunc, "split": stdlib.SplitFunc, "substr": stdlib.SubstrFunc,
		"trimspace": stdlib.TrimSpaceFunc, "trimsuffix": stdlib.TrimSuffixFunc, "values": stdlib.ValuesFunc,
		"toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)), "tonumber": stdlib.MakeToFunc(cty.Number),

		"length":       length(),
		"alltrue":      allTrue(),
		"cidrhost":     cidr(func(string, []cty.Value) error { return nil }),
		"cidrsubnet":   cidr(fits),
		"nonsensitive": function.New(&function.Spec{Params: []function.Parameter{anything()}, Type: sameType, Impl: first}),
		"plantimestamp": function.New(&function.Spec{Type: function.StaticReturnType(cty.String), Impl: func([]cty.Value, cty.Type) (cty.Value, error) {
			return cty.StringVal("2026-09-24T10:00:00Z"), nil
		}}),
		"sha256": text(func(s string) cty.Value {
			sum := sha256.Sum256([]byte(s))
			return cty.StringVal(hex.EncodeToString(sum[:]))
		}, cty.String),
		"startswith":  pair(strings.HasPrefix),
		"strcontains": pair(strings.Contains),
	}
}

func anything() function.Parameter {
	return function.Parameter{Name: "value", Type: cty.DynamicPseudoType, AllowNull: true, AllowUnknown: true, AllowDynamicType: true}
}

func sameType(args []cty.Value) (cty.Type, error)           { return args[0].Type(), nil }
func first(args []cty.Value, _ cty.Type) (cty.Value, error) { return args[0], nil }

func text(f func(string) cty.Value, result cty.Type) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "s", Type: cty.String}}, Type: function.StaticReturnType(result),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return f(args[0].AsString()), nil },
	})
}

func pair(f func(a, b string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "a", Type: cty.String}, {Name: "b", Type: cty.String}}, Type: function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(f(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

func length() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType}}, Type: function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if args[0].Type() == cty.String {
				return cty.NumberIntVal(int64(len([]rune(args[0].AsString())))), nil
			}
			if !args[0].Type().IsObjectType() && !args[0].CanIterateElements() {
				return cty.NilVal, errors.New("length needs a list, a map or a string")
			}
			return cty.NumberIntVal(int64(args[0].LengthInt())), nil
		},
	})
}

func allTrue() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.List(cty.Bool)}}, Type: function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			for _, v := range args[0].AsValueSlice() {
				if v.False() {
					return cty.False, nil
				}
			}
			return cty.True, nil
		},
	})
}

// cidr stands for the functions on address blocks: it refuses what they refuse, and what
// it returns is a block that nothing here looks into.
func cidr(check func(prefix string, rest []cty.Value) error) function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "prefix", Type: cty.String}},
		VarParam: &function.Parameter{Name: "numbers", Type: cty.Number},
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			prefix := args[0].AsString()
			if _, err := netip.ParsePrefix(prefix); err != nil {
				return cty.NilVal, err
			}
			return cty.StringVal(prefix), check(prefix, args[1:])
		},
	})
}

func fits(prefix string, rest []cty.Value) error {
	p, err := netip.ParsePrefix(prefix)
	if err != nil {
		return err
	}
	bits, _ := rest[0].AsBigFloat().Int64()
	number, _ := rest[1].AsBigFloat().Int64()
	if p.Bits()+int(bits) > p.Addr().BitLen() || number >= 1<<bits {
		return errors.New("the block is too small for this subnet")
	}
	return nil
}
