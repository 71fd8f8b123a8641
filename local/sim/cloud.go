package sim

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"net/http"
	"time"
)

// The names under which [Cloud.Transport] serves the four services; a [World] uses loopback addresses instead.
const (
	PowerBIHost  = "api.powerbi.com"
	EntraHost    = "login.microsoftonline.com"
	VaultHost    = "sim.vault.azure.net"
	IdentityHost = "identity.sim.invalid"
)

// The content of a Cloud unless [Options].Empty: one tenant, one service principal with its secret in the vault, a managed
// identity that may read it, a workspace on a dedicated capacity with two models, and one on a shared capacity with
// one model. The service principal is a Contributor of both.
const (
	TenantID        = "7e4a0000-51b1-4d00-8000-000000000001"
	ClientID        = "7e4a0000-51b1-4d00-8000-000000000002"
	IdentityID      = "7e4a0000-51b1-4d00-8000-000000000003"
	WorkspaceID     = "7e4a0000-51b1-4d00-8000-000000000010"
	SalesModel      = "7e4a0000-51b1-4d00-8000-000000000011"
	FinanceModel    = "7e4a0000-51b1-4d00-8000-000000000012"
	SharedWorkspace = "7e4a0000-51b1-4d00-8000-000000000020"
	SharedModel     = "7e4a0000-51b1-4d00-8000-000000000021"
	SecretName      = "powerbi-client-secret"
	SecretValue     = "sim~first-secret"
)

// Sales is the first model of the workspace on a dedicated capacity.
func Sales() Ref { return Ref{WorkspaceID, SalesModel} }

// Finance is the second model of the dedicated workspace.
func Finance() Ref { return Ref{WorkspaceID, FinanceModel} }

// Shared is the model on a shared capacity.
func Shared() Ref { return Ref{SharedWorkspace, SharedModel} }

// Options set up a [Cloud]. The zero value is useful.
type Options struct {
	Now       func() time.Time // default time.Now, which is virtual in a testing/synctest bubble
	NewID     func() string    // default random UUIDs; make it repeatable for replays
	Audiences []string         // what Power BI accepts; default [Audiences]

	TokenLifetime time.Duration // default 3599 s
	Duration      time.Duration // of refreshes of the seeded models; default [DefaultDuration]
	Empty         bool          // no seeded content
	OnEvent       func(Entry)   // see [Journal.OnEvent]
}

// Cloud is the four services in memory, without sockets, files or goroutines.
type Cloud struct {
	PowerBI  *PowerBI
	Entra    *Entra
	Identity *Identity
	Vault    *Vault
	Journal  *Journal

	faults *faultQueue
}

// NewCloud returns a Cloud. It cannot fail with the zero Options.
func NewCloud(opts Options) *Cloud {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.NewID == nil {
		opts.NewID = randomID
	}
	if opts.Audiences == nil {
		opts.Audiences = Audiences()
	}
	c := &Cloud{Journal: &Journal{}, faults: &faultQueue{}}
	st := &stage{now: opts.Now, newID: opts.NewID, journal: c.Journal, faults: c.faults}
	c.Entra = newEntra(st, opts.TokenLifetime)
	c.PowerBI = newPowerBI(st, c.Entra, opts.Audiences)
	c.Identity = newIdentity(st, c.Entra, opts.NewID())
	c.Vault = newVault(st, c.Entra, TenantID)
	if opts.OnEvent != nil {
		c.Journal.OnEvent(opts.OnEvent)
	}
	if !opts.Empty {
		c.seed(cmp.Or(opts.Duration, DefaultDuration))
	}
	return c
}

// Fail scripts a fault for the next matching calls of any service.
func (c *Cloud) Fail(f Fault) error { return c.faults.add(f) }

// ClearFaults drops the faults that have not been used.
func (c *Cloud) ClearFaults() { c.faults.clear() }

// Faults lists the faults that have not been used up.
func (c *Cloud) Faults() []Fault { return c.faults.pending() }

// Token is a token of the seeded service principal for Power BI.
func (c *Cloud) Token() (token string, expires time.Time, err error) {
	return c.Entra.Token(TenantID, ClientID, Audiences()[0])
}

// RotateSecret replaces the service principal's secret in Entra, where the old one stops working at once, and, if
// inVault, stores the new one as the current version in the vault too.
func (c *Cloud) RotateSecret(value string, inVault bool) {
	c.Entra.AddApp(TenantID, ClientID, ClientSecret{Value: value})
	if inVault {
		c.Vault.SetSecret(SecretName, Secret{Value: value})
	}
}

// Transport serves the services in process under their public names.
func (c *Cloud) Transport() *Transport {
	return NewTransport(map[string]http.Handler{
		PowerBIHost: c.PowerBI, EntraHost: c.Entra, VaultHost: c.Vault, IdentityHost: c.Identity,
	})
}

func (c *Cloud) seed(d time.Duration) {
	c.Entra.AddApp(TenantID, ClientID, ClientSecret{Value: SecretValue})
	c.Identity.SetSystem(TenantID, IdentityID)
	c.Vault.Grant(IdentityID, true)
	c.Vault.SetSecret(SecretName, Secret{Value: SecretValue})
	c.PowerBI.AddWorkspace(Workspace{ID: WorkspaceID, Name: "Sim (dedicated)"})
	c.PowerBI.AddWorkspace(Workspace{ID: SharedWorkspace, Name: "Sim (shared)", Shared: true})
	for _, m := range []struct {
		ref  Ref
		name string
	}{{Sales(), "Sales"}, {Finance(), "Finance"}, {Shared(), "Shared"}} {
		// The workspaces exist, so neither call can fail.
		_ = c.PowerBI.Grant(m.ref.Workspace, ClientID, RoleContributor)
		_ = c.PowerBI.AddModel(m.ref, m.name, Knobs{Duration: d})
	}
}

// randomID is a version 4 UUID.
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
