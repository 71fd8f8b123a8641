package handler

import (
	"fmt"
	"net/http"
	"strings"

	"pbirefresh/internal/httpjson"
)

// Bounds of a 400: a small body can have ten thousand mistakes. A longer list would cost
// memory and help no caller.
const (
	maxProblems = 20
	maxTarget   = 100
)

// problems is what is wrong with one request: the first [maxProblems].
type problems struct {
	list    []Detail
	targets map[string]bool
}

func (p *problems) add(code, target, message string) {
	if p.full() {
		return
	}
	if p.targets == nil {
		p.targets = map[string]bool{}
	}
	p.targets[target] = true
	p.list = append(p.list, Detail{Code: code, Target: target, Message: message})
}

// report takes what a form finds.
func (p *problems) report(found httpjson.Problem) bool {
	target := or(found.Path, "body")
	message := fmt.Sprintf("%.*s %s.", maxTarget, target, found.Message)
	if found.Code == httpjson.UnknownField {
		message = fmt.Sprintf("The field %.60q %s.", target, found.Message)
	}
	p.add(found.Code, target, message)
	return !p.full()
}

func (p *problems) full() bool { return len(p.list) >= maxProblems }

// seen reports whether the field, or the object that it is in, has a problem
// already. What else would be said of it only follows from that.
func (p *problems) seen(target string) bool {
	object := target[:max(0, strings.LastIndexByte(target, '.'))]
	return p.targets[target] || p.targets[object]
}

// badRequest is the 400 that names all problems at once.
func badRequest(list []Detail) *Error {
	shown := make([]Detail, min(len(list), maxProblems))
	for i := range shown {
		shown[i] = list[i]
		shown[i].Target = fmt.Sprintf("%.*s", maxTarget, list[i].Target)
	}
	e := &Error{Status: http.StatusBadRequest, Code: "InvalidRequest",
		Message: shown[0].Message, Target: shown[0].Target, Details: shown}
	switch n := len(list); {
	case n >= maxProblems:
		e.Message = fmt.Sprintf("%s (The first of %d problems or more; see details.)", shown[0].Message, n)
	case n > 1:
		e.Message = fmt.Sprintf("%s (The first of %d problems; see details.)", shown[0].Message, n)
	}
	return e
}
