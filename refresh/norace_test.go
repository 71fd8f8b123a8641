//go:build !race

package refresh

const keyedCallers = 10_000
