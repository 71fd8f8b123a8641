package machine

import "time"

// goneFor is how long history and model must answer that they are not there, without an
// answer to the contrary, before an operation ends because of it. A model that is not
// there and one that the service principal is not permitted to see get the same answer
// (seen: DevScope/powerbi-powershell-modules#66), and a role may be withdrawn by mistake.
const goneFor = 24 * time.Hour

// failedLook records a read that failed.
func (m *machine) failedLook(e Observed) {
	l := m.LastLook
	if l == nil {
		l = &LastLook{Since: m.now}
		m.LastLook = l
	}
	l.At, l.Code, l.PowerBI, l.Message, l.Refused = m.now, e.Err.Code, e.Err.PowerBI, bounded(Fault{Message: e.Err.Message, Detail: e.Err.Detail}.Text()), !e.Err.Transient
	switch {
	case e.Gone && l.Gone.IsZero():
		l.Gone, l.GoneLooks = m.now, 1
	case e.Gone:
		l.GoneLooks++
	case e.There:
		l.Gone, l.GoneLooks = time.Time{}, 0
	}
}

// gone reports whether the model was not there for long enough to abandon the attempt.
func (m *machine) gone(e Observed) bool {
	l := m.LastLook
	return e.Gone && l != nil && l.GoneLooks >= quietReads && m.now.Sub(l.Gone) >= goneFor
}

func goneOrForbidden() *Fault {
	return &Fault{Code: CodeOutcomeUnknown,
		Message: "The outcome of the refresh is unknown: for 24 hours Power BI answered PowerBIEntityNotFound for the model and for its refresh history. The model is gone or not permitted.",
		Remedy:  "Check that the model exists in that workspace, and that the service principal is at least a Contributor of the workspace."}
}
