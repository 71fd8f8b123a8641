// Package pace decides when it is worth looking at a refresh again, and tells how far
// one is, from how long earlier refreshes of the same shape took. It is pure.
//
// # Where looks belong
//
// Let f be the density of the time at which a refresh ends, S(t) the share that still
// runs after t, and r(t) how many looks a second there are around t. Who ends at t is
// found 1/(2r(t)) later on average. n looks that are laid out in advance cost the same
// wherever they are, so one minimises
//
//	∫ f/(2r) dt   subject to   ∫ r dt = n,   hence   f/(2r²) = constant,   r ∝ √f
//
// by Lagrange, point by point: looks are dense where the end is likely and sparse
// elsewhere, with the square root of the density. A look after the end is never made,
// however. If one look is as bad as a lag of p, what is to be minimised is
//
//	∫ ( f/(2r) + p·r·S ) dt,   hence   r = √( f / (2p·S) ) = √( h / 2p )
//
// with the hazard h = f/S: the same rule for the refreshes that are left. Where all
// still run, S is 1 and both agree. The next look is due when ∫ r since the last one
// reaches 1. p is a fixed part of the usual length, so that a refresh of a minute and
// one of an hour get about as many looks.
//
// # Experience
//
// f is a mixture of one log-logistic kernel around each of the recent lengths: lengths
// vary by a share of themselves, and the hazard of its tail falls with 1/t, so that
// the longer a refresh takes beyond all experience, the longer are the intervals. The
// kernels' width follows from how much the lengths differ, plus a doubt that fades
// with their number; one wide kernel stands for what is like nothing before.
//
// Around this: one early look, for refreshes that fail at once; a floor and a cap;
// without experience an interval of a quarter of the time that has passed, since
// nothing but that time sets a scale then.
//
// # What callers see
//
// The percentage averages, over the earlier lengths m, min(1, t/m): it never falls
// while a refresh runs, and is 99 at most. The end is the median of those that still
// run at t: a time to come, and never earlier than it was told before.
//
// # Not guaranteed
//
// That the next refresh is like the earlier ones. Where lengths have no scale of their
// own (they differ tenfold), looks at fixed intervals do as well (TestNeverWorse has
// the numbers). The percentage begins anew with each attempt.
package pace
