package simulation

// corpus lists schedules that failed once, and what was wrong then. They are always
// replayed. A seed means what it did only as long as the generator stays as it is:
// a change to it is a reason to look for new ones, by undoing the repairs.
func corpus() []uint64 {
	return []uint64{
		1023,  // who withdrew from a shared operation saw Canceled, and Succeeded later
		1024,  // more candidates than an attempt remembers: the outcome never settled
		1040,  // a row that ended with an unknown word occupied its model for ever
		21137, // a clock that went back made a look of eight minutes ago seem new
		51021, // the first read of a run of quiet ones was repeated, and its window began too early
		52039, // the wall clock of a process that had died was ahead: the simulation never ended
	}
}
