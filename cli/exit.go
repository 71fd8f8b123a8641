package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"pbirefresh/handler"
	"pbirefresh/refresh/machine"
)

// ExitCode is the exit code of the program, and what it means.
type ExitCode struct {
	Code    int
	Name    string
	Meaning string
}

// The exit codes.
const (
	exitSuccess     = 0
	exitError       = 1
	exitUsage       = 2
	exitFailed      = 3
	exitCancelled   = 4
	exitTimeout     = 5
	exitRefused     = 6
	exitUnreachable = 7
	exitInterrupted = 130
)

// ExitCodes lists the exit codes in the order of their numbers.
func ExitCodes() []ExitCode {
	return []ExitCode{
		{exitSuccess, "success", "the command did what was asked; a refresh succeeded"},
		{exitError, "error", "anything else, such as a file that cannot be read"},
		{exitUsage, "usage", "unknown command or flag, wrong argument, or a missing setting"},
		{exitFailed, "failed", "the refresh failed"},
		{exitCancelled, "cancelled", "the refresh was cancelled"},
		{exitTimeout, "time-out", "the time allowed for the refresh, or --max-wait, is over"},
		{exitRefused, "refused", "the app refused the request (4xx): invalid, not permitted, busy, or not found"},
		{exitUnreachable, "unreachable", "the app did not answer, or cannot serve now (429, 5xx): retry later"},
		{exitInterrupted, "interrupted", "Ctrl-C; a refresh that was requested continues"},
	}
}

// codedError is an error with an exit code of its own.
type codedError struct {
	error
	code int
}

func (e codedError) Unwrap() error { return e.error }

// Usage marks an error as a wrong use of the command line.
func Usage(err error) error { return codedError{err, exitUsage} }

func usagef(format string, args ...any) error { return Usage(fmt.Errorf(format, args...)) }

// ended is the error of an operation that ended without success; nil if it succeeded.
func ended(doc handler.StatusDocument) error {
	if doc.Status == machine.StatusSucceeded {
		return nil
	}
	err := fmt.Errorf("the refresh ended as %s", doc.Status)
	code := ""
	if doc.Error != nil {
		code = doc.Error.Code
		err = fmt.Errorf("%w: %s: %s", err, code, printable(doc.Error.Message))
	}
	switch {
	case doc.Status == machine.StatusCanceled:
		return codedError{err, exitCancelled}
	case code == machine.CodeTimeout || code == machine.CodeQueueTimeout:
		return codedError{err, exitTimeout}
	}
	return codedError{err, exitFailed}
}

// exitCode returns the exit code for an error.
func exitCode(err error) int {
	var coded codedError
	var answer *handler.Error
	var transport *url.Error
	switch {
	case err == nil:
		return exitSuccess
	case errors.As(err, &coded):
		return coded.code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &answer) && (answer.Status == http.StatusTooManyRequests || answer.Status >= http.StatusInternalServerError):
		return exitUnreachable
	case errors.As(err, &answer):
		return exitRefused
	case errors.As(err, &transport):
		return exitUnreachable
	}
	return exitError
}

// oneLine joins the lines of an error: those of the Azure SDK have several.
func oneLine(text string) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, " ")
}

// report prints an error and returns its exit code.
func report(err error, stderr io.Writer) int {
	code := exitCode(err)
	if err != nil {
		fmt.Fprintln(stderr, "pbirefresh:", withoutSignatures(oneLine(err.Error())))
	}
	return code
}
