package handler

import (
	"fmt"
	"net/http"
	"strings"
)

// Bounds of a 400: a small body can have ten thousand things wrong with it.
const (
	maxProblems = 20
	maxTarget   = 100
)

// problems is what is wrong with one request.
type problems struct {
	list    []Detail
	targets map[string]bool
}

func (p *problems) add(code, target, message string) {
	if p.targets == nil {
		p.targets = map[string]bool{}
	}
	p.targets[target] = true
	p.list = append(p.list, Detail{Code: code, Target: target, Message: message})
}

// told reports whether the field, or the object that it is in, has a problem
// already. What else would be said of it only follows from that.
func (p *problems) told(target string) bool {
	object := target[:max(0, strings.LastIndexByte(target, '.'))]
	return p.targets[target] || p.targets[object]
}

// badRequest is the 400 that tells all problems at once.
func badRequest(list []Detail) *Error {
	shown := make([]Detail, min(len(list), maxProblems))
	for i := range shown {
		shown[i] = list[i]
		shown[i].Target = fmt.Sprintf("%.*s", maxTarget, list[i].Target)
	}
	e := &Error{Status: http.StatusBadRequest, Code: "InvalidRequest",
		Message: shown[0].Message, Target: shown[0].Target, Details: shown}
	if n := len(list); n > 1 {
		e.Message = fmt.Sprintf("%s (The first of %d problems; see details.)", shown[0].Message, n)
	}
	return e
}
