package sim

// Counters count the calls to a model. A correct refresher keeps MaxOverlap at 1 and RefusedByOwn at 0 under any
// faults.
type Counters struct {
	// Posts is the number of refresh requests that reached the model, refused ones included.
	Posts int `json:"posts"`
	// Accepted is the number of them that were accepted, dropped ones included.
	Accepted int `json:"accepted"`
	// Dropped is the number of accepted ones that never ran.
	Dropped int `json:"dropped"`
	// MaxOverlap is the largest number of API refreshes that were accepted, not dropped and unfinished at one time.
	MaxOverlap int `json:"maxOverlap"`
	// Begun is the number of refreshes that ran, foreign ones included.
	Begun int `json:"begun"`
	// Refused is the number of requests rejected because the model was busy.
	Refused int `json:"refused"`
	// RefusedByOwn is the part of Refused (and of Dropped) that came while the same application's own refresh was unfinished.
	RefusedByOwn int `json:"refusedByOwn"`
	// Cancels is the number of DELETEs that hit an unfinished refresh.
	Cancels int `json:"cancels"`
}

func (c *Counters) begin() { c.Begun++ }

func (c *Counters) accept(overlap int) {
	c.Accepted++
	c.MaxOverlap = max(c.MaxOverlap, overlap)
}

// overlap counts the unfinished API refreshes.
func (m *model) overlap() int {
	n := 0
	for _, r := range m.unfinishedList() {
		if r.byAPI() {
			n++
		}
	}
	return n
}

// ownUnfinished reports whether the caller itself has an unfinished refresh.
func (m *model) ownUnfinished(caller string) bool {
	for _, r := range m.unfinishedList() {
		if r.byAPI() && sameID(r.caller, caller) {
			return true
		}
	}
	return false
}

func (m *model) unfinishedList() []*refresh {
	list := append([]*refresh{}, m.queue...)
	if m.running != nil {
		list = append(list, m.running)
	}
	return list
}
