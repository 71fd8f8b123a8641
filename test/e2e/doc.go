// Package e2e holds the end-to-end tests. They run the binary, staged as it is
// deployed, under the fake of the Functions host, against emulators that use the
// real wire protocols. The state is in Azurite where more than one process takes
// part. The product links none of this.
package e2e
