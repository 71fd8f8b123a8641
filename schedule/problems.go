package schedule

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"pbirefresh/internal/httpjson"
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	Path    string // of the member, such as schedules.sales.cron; empty: the file as a whole
	Line    int    // from 1
	Column  int    // in characters, from 1
	Message string // what is wrong and what to do
}

func (p Problem) String() string {
	where := fmt.Sprintf("%d:%d: ", p.Line, p.Column)
	if p.Path != "" {
		where += p.Path + ": "
	}
	return where + p.Message
}

// FileError lists all that is wrong with a file. Nothing of the file is used.
type FileError struct {
	Problems []Problem // in the order of the file
}

func (e *FileError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

const maxProblems = 50 // of one file

// problems collects what is wrong with one text.
type problems struct {
	text []byte
	list []Problem
}

func (p *problems) add(offset int, path, format string, args ...any) {
	line, column := position(p.text, offset)
	p.list = append(p.list, Problem{path, line, column, fmt.Sprintf(format, args...)})
}

// report adds the problem of a form.
func (p *problems) report(found httpjson.Problem) bool {
	p.add(found.Offset, fmt.Sprintf("%.200s", found.Path), "%s", found.Message)
	return true
}

// err returns what was found, in the order of the file.
func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return &FileError{p.list[:min(len(p.list), maxProblems)]}
}

// position is the line and column of a byte of the text.
func position(text []byte, offset int) (line, column int) {
	before := text[:min(offset, len(text))]
	begin := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[begin:]) + 1
}
