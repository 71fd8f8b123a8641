package doctor

import (
	"fmt"
	"io"
	"strings"
)

// State says how a check ended.
type State string

// The states. Unknown: it could not be looked at, or Power BI does not show it.
const (
	OK      State = "ok"
	Problem State = "problem"
	Unknown State = "unknown"
)

// Check is one link of the chain.
type Check struct {
	Name   string   `json:"name"`
	State  State    `json:"state"`
	Detail string   `json:"detail"`           // what was seen
	Remedy string   `json:"remedy,omitempty"` // what to change, and where
	Fix    []string `json:"fix,omitempty"`    // commands, or steps in a portal; nothing runs them
}

func fine(name, format string, args ...any) Check {
	return Check{Name: name, State: OK, Detail: fmt.Sprintf(format, args...)}
}

func unknown(name, format string, args ...any) Check {
	return Check{Name: name, State: Unknown, Detail: fmt.Sprintf(format, args...)}
}

func problem(name, remedy, format string, args ...any) Check {
	return Check{Name: name, State: Problem, Detail: fmt.Sprintf(format, args...), Remedy: remedy}
}

// with adds the steps that mend it.
func (c Check) with(steps ...string) Check {
	c.Fix = append(c.Fix, steps...)
	return c
}

// Overall is the worst state of the checks.
func Overall(checks []Check) State {
	worst := OK
	for _, c := range checks {
		if c.State == Problem {
			return Problem
		}
		if c.State == Unknown {
			worst = Unknown
		}
	}
	return worst
}

// Print writes one line for each check, and with fix its steps below it.
func Print(w io.Writer, checks []Check, fix bool) {
	for _, c := range checks {
		fmt.Fprintf(w, "%-7s  %-13s  %s\n", c.State, c.Name, c.Detail)
		if c.Remedy != "" {
			fmt.Fprintf(w, "%-7s  %-13s  -> %s\n", "", "", c.Remedy)
		}
		if fix && len(c.Fix) > 0 {
			fmt.Fprintf(w, "    %s\n", strings.Join(c.Fix, "\n    "))
		}
	}
}
