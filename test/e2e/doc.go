// Package e2e holds the end-to-end tests: the binary that is deployed, staged as
// it is deployed, under the stand-in for the Functions host, against stand-ins
// that speak the real wire protocols, with the state in Azurite where more than
// one process is involved. Nothing in here is linked into the product.
package e2e
