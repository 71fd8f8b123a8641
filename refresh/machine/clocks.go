package machine

import "time"

// ClockSkew is how far Power BI's clock has been ahead of the storage service's lately: at
// least Least and at most Most.
//
// Each read allows a span, some seconds wide, since both clocks show whole seconds. As long
// as no clock jumped, the offset lies in all of them: the spans are intersected, those of
// reads before the latest intent apart from those after it, so that a jump in between shows
// even if it is smaller than a span. After a jump, the worst case counts for a day.
type ClockSkew struct {
	Least  time.Duration `json:"least"`
	Most   time.Duration `json:"most"`
	Since  time.Time     `json:"since"`            // of the spans, or of the latest jump
	Before *Span         `json:"before,omitempty"` // by the reads before the latest intent
	Lately *Span         `json:"lately,omitempty"` // by those after it
	Jumped bool          `json:"jumped,omitempty"`

	Unknown Unknown `json:"-"`
}

// Span is what an offset may be.
type Span struct {
	Least time.Duration `json:"least"`
	Most  time.Duration `json:"most"`

	Unknown Unknown `json:"-"`
}

// slowLook is a Fuzz that is too large to learn from.
const slowLook = 5 * time.Second

// show keeps Least and Most as the worst case, which earlier versions read.
func (k *ClockSkew) show() {
	all := hull(k.Before, k.Lately)
	k.Least, k.Most = all.Least, all.Most
}

// intended begins the spans of a new intent.
func (k *ClockSkew) intended() {
	switch {
	case k == nil || k.Lately == nil:
		return
	case k.Before != nil && !k.Jumped && k.Before.meets(k.Lately):
		k.Before = k.Before.and(k.Lately)
	default:
		k.Before = hull(k.Before, k.Lately)
	}
	k.Lately = nil
	k.show()
}

func (s *Span) meets(t *Span) bool { return s.Least <= t.Most && s.Most >= t.Least }

func (s *Span) and(t *Span) *Span {
	return &Span{Least: max(s.Least, t.Least), Most: min(s.Most, t.Most)}
}

// hull is the least span that holds both; one of them may be nil.
func hull(s, t *Span) *Span {
	switch {
	case s == nil:
		return t
	case t == nil:
		return s
	}
	return &Span{Least: min(s.Least, t.Least), Most: max(s.Most, t.Most)}
}
