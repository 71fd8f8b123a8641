package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"pbirefresh/handler"
)

// maxTables is how many tables the live display shows.
const maxTables = 15

// progress shows how an operation goes: rewritten in place every second on a terminal,
// and a line for each change elsewhere.
type progress struct {
	w     io.Writer
	live  bool
	quiet bool
	wide  int
	began time.Time
	stop  chan struct{}
	done  sync.WaitGroup

	mu    sync.Mutex
	doc   handler.StatusDocument
	seen  bool
	lines int    // on the screen, to be rewritten
	last  string // plain line
}

func newProgress(o output) *progress {
	w := o.env.Stderr
	return startProgress(&progress{w: w, live: o.env.live(w), quiet: o.quiet, wide: width(w)})
}

func startProgress(p *progress) *progress {
	p.began, p.stop = time.Now(), make(chan struct{})
	if p.live && !p.quiet {
		p.done.Go(p.tick)
	}
	return p
}

// tick redraws between the answers of the app.
func (p *progress) tick() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			p.mu.Lock()
			p.draw()
			p.mu.Unlock()
		case <-p.stop:
			return
		}
	}
}

// show takes the newest answer of the app.
func (p *progress) show(doc handler.StatusDocument) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doc, p.seen = doc, true
	switch {
	case p.quiet:
	case p.live:
		p.draw()
	default:
		p.line()
	}
}

// end clears the live display: the result follows.
func (p *progress) end() {
	close(p.stop)
	p.done.Wait()
	if p.lines > 0 {
		fmt.Fprintf(p.w, "\033[%dA\033[J", p.lines)
	}
}

// line prints a plain line if something changed besides the time. Estimates count in
// tenths, so that a log stays short.
func (p *progress) line() {
	text := situation(p.doc)
	if g := p.doc.Progress; g != nil && g.Percent != nil {
		text += fmt.Sprintf(", %d %%", *g.Percent/10*10)
	}
	if text += finished(p.doc); text != p.last {
		fmt.Fprintf(p.w, "  %6s  %s\n", p.elapsed(), text)
	}
	p.last = text
}

func (p *progress) elapsed() time.Duration { return time.Since(p.began).Truncate(time.Second) }

// draw rewrites the live display.
func (p *progress) draw() {
	if !p.seen {
		return
	}
	var b strings.Builder
	if p.lines > 0 {
		fmt.Fprintf(&b, "\033[%dA\033[J", p.lines)
	}
	lines := p.screen()
	for _, l := range lines {
		b.WriteString(cut(l, p.wide-1) + "\n")
	}
	p.lines = len(lines)
	fmt.Fprint(p.w, b.String())
}

// screen is the lines of the live display.
func (p *progress) screen() []string {
	head := fmt.Sprintf("%6s  %s", p.elapsed(), situation(p.doc))
	g := p.doc.Progress
	if g == nil {
		return []string{head}
	}
	if g.Percent != nil {
		head += fmt.Sprintf("  %s %d %%", bar(*g.Percent), *g.Percent)
	}
	if !g.ExpectedEnd.IsZero() {
		head += "  expected end " + g.ExpectedEnd.UTC().Format("15:04:05Z")
	}
	lines := []string{head}
	for i, object := range g.Objects {
		if i == maxTables {
			lines = append(lines, fmt.Sprintf("        and %d more", len(g.Objects)-i))
			break
		}
		lines = append(lines, "        "+printable(objectText(object)))
	}
	return lines
}

func bar(percent int) string {
	full := min(max(percent, 0), 100) / 5
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", 20-full) + "]"
}

// situation is what an operation does now, in words.
func situation(doc handler.StatusDocument) string {
	text := string(doc.Phase)
	if b := doc.BlockedBy; b != nil {
		text += ", waiting: " + printable(b.Message)
		if b.Message == "" {
			text += b.Reason
		}
		if !b.Until.IsZero() {
			text += " Until " + b.Until.UTC().Format("15:04:05Z") + "."
		}
	}
	if s := doc.Settling; s != nil {
		text += ": " + printable(s.Message)
	}
	return text
}

// finished counts the tables that are done.
func finished(doc handler.StatusDocument) string {
	if doc.Progress == nil || len(doc.Progress.Objects) == 0 {
		return ""
	}
	n := 0
	for _, object := range doc.Progress.Objects {
		if object.Status == "Completed" {
			n++
		}
	}
	return fmt.Sprintf(", %d of %d tables", n, len(doc.Progress.Objects))
}

// cut shortens a line to the width of the terminal: one that wraps could not be rewritten.
func cut(line string, columns int) string {
	runes := []rune(line)
	if columns < 1 || len(runes) <= columns {
		return line
	}
	return string(runes[:columns-1]) + "…"
}
