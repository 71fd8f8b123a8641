package config

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
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
		"cidrhost":     address(host),
		"cidrsubnet":   address(subnet),
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

// address is a function of an address block and numbers.
func address(f func(netip.Prefix, []int) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "prefix", Type: cty.String}},
		VarParam: &function.Parameter{Name: "numbers", Type: cty.Number},
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			p, err := netip.ParsePrefix(args[0].AsString())
			if err != nil || !p.Addr().Is4() {
				return cty.NilVal, fmt.Errorf("%q is no block of IPv4 addresses", args[0].AsString())
			}
			var numbers []int
			for _, n := range args[1:] {
				i, _ := n.AsBigFloat().Int64()
				numbers = append(numbers, int(i))
			}
			text, err := f(p.Masked(), numbers)
			return cty.StringVal(text), err
		},
	})
}

// host is cidrhost; infra/ asks for the first address only, to see whether there is one.
func host(p netip.Prefix, _ []int) (string, error) { return p.Addr().String(), nil }

// subnet is cidrsubnet: the number-th of the blocks that are so many bits longer.
func subnet(p netip.Prefix, n []int) (string, error) {
	bits, number := n[0], n[1]
	if p.Bits()+bits > 32 || bits < 0 || number < 0 || number >= 1<<bits {
		return "", errors.New("the block is too small for this subnet")
	}
	base := binary.BigEndian.Uint32(p.Addr().AsSlice())
	base += uint32(number) << (32 - p.Bits() - bits) //nolint:gosec // bounded above
	return netip.PrefixFrom(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, base))), p.Bits()+bits).String(), nil
}
