package schedule

import "bytes"

// blank puts spaces in the place of a byte-order mark, of comments (// and /* */)
// and of commas before a closing bracket. Line breaks and all other bytes stay.
func blank(text []byte) ([]byte, error) {
	b := &blanker{text: bytes.Clone(text), comma: -1}
	if bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) { // as editors on Windows write it
		b.wipe(3)
	}
	for b.at < len(b.text) {
		if err := b.step(); err != nil {
			return nil, err
		}
	}
	return b.text, nil
}

type blanker struct {
	text  []byte
	at    int
	last  byte // the last byte that counts
	comma int  // of a comma that nothing has followed yet, else -1
}

func (b *blanker) step() error {
	switch c := b.text[b.at]; {
	case c == ' ', c == '\t', c == '\r', c == '\n':
		b.at++
	case c == '"':
		b.skipString()
	case bytes.HasPrefix(b.text[b.at:], []byte("//")):
		end := bytes.IndexByte(b.text[b.at:], '\n')
		if end < 0 {
			end = len(b.text) - b.at
		}
		b.wipe(end)
	case bytes.HasPrefix(b.text[b.at:], []byte("/*")):
		end := bytes.Index(b.text[b.at+2:], []byte("*/"))
		if end < 0 {
			return &syntaxError{b.at, "the comment that begins here has no end"}
		}
		b.wipe(end + 4)
	default:
		b.plain(c)
	}
	return nil
}

// plain passes a byte that counts. A comma is only a slip that is forgiven where
// something stands before it.
func (b *blanker) plain(c byte) {
	switch c {
	case ',':
		b.comma = -1
		if b.last != ',' && b.last != '{' && b.last != '[' && b.last != 0 {
			b.comma = b.at
		}
	case '}', ']':
		if b.comma >= 0 {
			b.text[b.comma] = ' '
		}
		b.comma = -1
	default:
		b.comma = -1
	}
	b.last = c
	b.at++
}

func (b *blanker) skipString() {
	b.comma, b.last = -1, '"'
	for b.at++; b.at < len(b.text); b.at++ {
		switch b.text[b.at] {
		case '\\':
			b.at++
		case '"', '\n':
			b.at++
			return
		}
	}
	b.at = len(b.text)
}

// wipe blanks the next n bytes but for line breaks.
func (b *blanker) wipe(n int) {
	for end := b.at + n; b.at < end; b.at++ {
		if b.text[b.at] != '\n' {
			b.text[b.at] = ' '
		}
	}
}
