//go:build race

package handler

// raceCost is how much more the race detector allocates.
const raceCost = 2
