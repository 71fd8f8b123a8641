package azurite

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
)

// TB is what [Shared] needs of a testing.TB. The package does not import
// testing, because a development run uses it too.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// shared is the one server of this process. It is not closed: it ends with the
// process, see the package documentation.
var shared = sync.OnceValues(func() (*Server, error) { return Start(context.Background(), "") })

// Shared returns the server that all tests of this process use, and starts it at
// the first call. It fails the test if Azurite cannot run: a test on real storage
// that does not run has not passed.
func Shared(t TB) *Server {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("%v", err)
	}
	return s
}

// NewContainer returns a container name that is not in use.
func NewContainer() string { return "t-" + strings.ToLower(rand.Text()) }
