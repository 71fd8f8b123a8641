package refresh

import "pbirefresh/refresh/machine"

// doubt remembers what a write admits that may have landed or may not. Under the next
// lease it can land no more, and the document shows whether it has.
func (s *section) doubt(effects []machine.Effect, txn string) {
	for _, e := range effects {
		admit, ok := e.(machine.Admit)
		if !ok {
			continue
		}
		for _, j := range s.waiting {
			if _, answered := s.answers[j]; !answered && j.event != nil && j.nonce == admit.Nonce {
				j.doubt = &doubt{txn: txn, number: admit.Number}
			}
		}
	}
}

// settleDoubts answers the jobs that were admitted by a write without an answer, and
// returns those that are to be fed.
func (s *section) settleDoubts(jobs []*job) []*job {
	kept := jobs[:0:0]
	for _, j := range jobs {
		d := j.doubt
		j.doubt = nil
		if d == nil || !s.state.WroteBy(d.txn) {
			kept = append(kept, j)
			continue
		}
		s.answers[j] = answer{epoch: s.state.Epoch, number: d.number, view: s.show(d.number, j.nonce)}
		j.told.begin(s.answers[j])
	}
	return kept
}
