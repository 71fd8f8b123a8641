package cli

import (
	"io"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"golang.org/x/term"
)

// Environment is everything outside the program that a command uses.
type Environment struct {
	Getenv         func(string) string
	Environ        []string // for the programs that a command starts
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Version        string // of this program

	// Credential makes the tokens of the person who is signed in; nil: no sign-in.
	Credential func() (azcore.TokenCredential, error)
}

// terminal returns the file descriptor of a stream and whether it is a terminal.
func terminal(stream any) (fd int, ok bool) {
	f, isFile := stream.(*os.File)
	if !isFile {
		return 0, false
	}
	fd = int(f.Fd()) //nolint:gosec // a descriptor is a small number
	return fd, term.IsTerminal(fd)
}

// live reports whether output to w can be rewritten in place. A terminal that calls
// itself dumb moves no cursor.
func (env Environment) live(w io.Writer) bool {
	_, ok := terminal(w)
	return ok && env.Getenv("TERM") != "dumb"
}

// colored reports whether output to w may have colours (no-color.org).
func (env Environment) colored(w io.Writer) bool { return env.live(w) && env.Getenv("NO_COLOR") == "" }

// width is the number of columns of a terminal.
func width(w io.Writer) int {
	if fd, ok := terminal(w); ok {
		if columns, _, err := term.GetSize(fd); err == nil && columns > 0 {
			return columns
		}
	}
	return 80
}
