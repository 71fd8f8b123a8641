package doctor

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"pbirefresh/keyvault"
	"pbirefresh/lease"
	"pbirefresh/powerbi"
)

// The time-outs. All is far below the 230 s after which the platform gives up a request.
const (
	limit     = 50 * time.Second // of all checks
	stepLimit = 10 * time.Second // of one call
)

// Settings are what the app has read.
type Settings struct {
	Problems []string // what is wrong; nothing else is looked at then
	Warnings []string // what is allowed, and does not work

	Method                keyvault.Method
	TenantID, ClientID    string
	VaultURL, SecretName  string
	Scope                 string // of tokens for Power BI
	StorageURL, Container string // StorageURL is empty with a connection string or memory
	Memory                bool   // the state is in memory
	BaseURL               string // the app's own address; empty: not known
	StatusKeyed           bool
	LongestRequest        time.Duration // that the app may take for an answer
	HostVersion           string        // as the host says in its header; empty: no host
}

// Signer is the credential of the app; [*keyvault.Credential] is one.
type Signer interface {
	azcore.TokenCredential
	Ping(ctx context.Context) error
	Expires() (time.Time, bool)
}

// Doer sends HTTP requests and follows no redirects.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Deps are what is looked at. With Settings.Problems only Files may be set.
type Deps struct {
	Settings
	Store   lease.Store
	Signer  Signer // fresh: one that has read nothing yet
	PowerBI *powerbi.Client
	Web     Doer  // for the app's own routes
	Files   fs.FS // with host.json; nil: none
}

// Run looks at everything, and at a model unless it is the zero Dataset.
func Run(ctx context.Context, d Deps, model powerbi.Dataset) []Check {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	checks := []Check{d.settings(), d.host()}
	if len(d.Problems) > 0 {
		return checks
	}
	parts := make([][]Check, 3)
	var wg sync.WaitGroup
	for i, look := range []func() []Check{
		func() []Check { return d.storage(ctx) },
		func() []Check { return d.chain(ctx, model) },
		func() []Check { return []Check{d.routes(ctx)} },
	} {
		wg.Go(func() { parts[i] = guarded(look) })
	}
	wg.Wait()
	return append(checks, slices.Concat(parts...)...)
}

// guarded turns a panic into a check: the look runs beside the request, where nothing else
// would keep the process alive.
func guarded(look func() []Check) (checks []Check) {
	defer func() {
		if p := recover(); p != nil {
			checks = []Check{unknown("doctor", "a check itself broke: %v", p)}
		}
	}()
	return look()
}

// step bounds one call.
func step[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	return call(ctx)
}

// late reports whether a call was given up by us.
func late(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

func (d Deps) settings() Check {
	switch {
	case len(d.Problems) > 0:
		return problem("settings", "correct the settings named here, in the function app's Environment variables (locally: local.settings.json)",
			"%s", join(d.Problems)).with(settingSteps...)
	case len(d.Warnings) > 0:
		return problem("settings", "correct the settings named here, in the function app's Environment variables (locally: local.settings.json)",
			"%s", join(d.Warnings)).with(settingSteps...)
	case d.Memory:
		return fine("settings", "complete; STATE_STORAGE is memory, which is for development: a restart forgets every operation")
	}
	return fine("settings", "complete")
}
