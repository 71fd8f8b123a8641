//go:build !race

package handler

const raceCost = 1
