package doctor

import (
	"strings"

	"pbirefresh/internal/foreign"
)

// maxText bounds text that is not ours, in bytes.
const maxText = 600

// oneLine is an error in one line.
func oneLine(err error) string { return safe(err.Error()) }

// safe makes foreign text fit for a line of a terminal and a log.
func safe(text string) string { return foreign.Line(text, maxText) }

func join(list []string) string { return safe(strings.Join(list, "; ")) }
