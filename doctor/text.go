package doctor

import (
	"strings"
	"unicode"
)

// maxText bounds text that is not ours, in bytes.
const maxText = 600

// oneLine is an error in one line.
func oneLine(err error) string { return safe(err.Error()) }

// safe makes foreign text fit for a line of a terminal and a log.
func safe(text string) string {
	printable := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(printable), " ")
	if len(text) > maxText {
		return strings.ToValidUTF8(text[:maxText], "") + "..."
	}
	return text
}

func join(list []string) string { return safe(strings.Join(list, "; ")) }
