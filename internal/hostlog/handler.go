package hostlog

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Handler writes records as the package comment says. It is safe for concurrent
// use. Make one with [New].
type Handler struct {
	streams *streams
	level   slog.Leveler
	scopes  []scope // the With calls, in order
}

// A scope replays one WithAttrs or WithGroup. Replaying for each record, rather
// than once, is what keeps invocationId outside every group, and it costs little
// at the rate of a service's log.
type scope func(slog.Handler) slog.Handler

// streams is what all handlers that derive from one New share.
type streams struct {
	mu          sync.Mutex
	out, errOut io.Writer
}

// New returns a handler that writes records of at least the given level; nil
// means Info. The streams are the process's own, or a test's buffers.
func New(stdout, stderr io.Writer, level slog.Leveler) *Handler {
	if level == nil {
		level = slog.LevelInfo
	}
	return &Handler{streams: &streams{out: stdout, errOut: stderr}, level: level}
}

// Enabled reports whether a record of that level would be written.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// WithAttrs returns a handler whose records also carry attrs.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) })
}

// WithGroup returns a handler that nests later attributes under name.
func (h *Handler) WithGroup(name string) slog.Handler {
	return h.with(func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
}

func (h *Handler) with(s scope) *Handler {
	derived := *h
	derived.scopes = append(slices.Clip(h.scopes), s)
	return &derived
}

// Handle writes one line.
func (h *Handler) Handle(ctx context.Context, record slog.Record) error {
	line, err := h.line(ctx, record)
	if err != nil {
		return err
	}
	return h.streams.write(record.Level, line)
}

// line encodes a record, in less and less detail until it fits.
func (h *Handler) line(ctx context.Context, record slog.Record) ([]byte, error) {
	line, err := encode(ctx, record, h.scopes, nil)
	if err != nil || len(line) <= MaxLine {
		return line, err
	}
	line, err = encode(ctx, record, h.scopes, cutValue)
	if err != nil || len(line) <= MaxLine {
		return line, err
	}
	bare := slog.NewRecord(time.Time{}, record.Level, record.Message, 0)
	bare.AddAttrs(slog.Bool("attributesDropped", true))
	return encode(ctx, bare, nil, cutValue)
}

type replacer func(groups []string, a slog.Attr) slog.Attr

func encode(ctx context.Context, record slog.Record, scopes []scope, replace replacer) ([]byte, error) {
	var line bytes.Buffer
	var next slog.Handler = slog.NewJSONHandler(&line, &slog.HandlerOptions{Level: record.Level, ReplaceAttr: replace})
	if id := Invocation(ctx); id != "" {
		next = next.WithAttrs([]slog.Attr{slog.String("invocationId", id)})
	}
	for _, s := range scopes {
		next = s(next)
	}
	record.Time = time.Time{} // slog leaves out a zero time, and only that one
	if err := next.Handle(ctx, record); err != nil {
		return nil, err
	}
	if record.Level >= slog.LevelError {
		return hideWarn(line.Bytes()), nil
	}
	return line.Bytes(), nil
}

func (s *streams) write(level slog.Level, line []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.out
	if level >= slog.LevelWarn {
		w = s.errOut
	}
	_, err := w.Write(line)
	return err
}
