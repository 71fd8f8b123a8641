package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"pbirefresh/audit"
	"pbirefresh/callback"
	"pbirefresh/handler"
	"pbirefresh/history"
	"pbirefresh/internal/hostlog"
	"pbirefresh/internal/wait"
	"pbirefresh/keyvault"
	"pbirefresh/lease"
	"pbirefresh/names"
	"pbirefresh/powerbi"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
	"pbirefresh/schedule"
)

// app is the wired program.
type app struct {
	log      *slog.Logger
	store    lease.Store
	keys     *refresh.StatusKeys
	secret   *keyvault.Credential
	upstream refresh.Upstream
	names    *names.Cache
	clock    *schedule.Runner
	routes   http.Handler

	trail      *audit.Trail
	auditStore lease.Store // nil: the same
	history    *history.Index
}

// newApp wires the program from its settings. It does no I/O.
func newApp(s settings, log *slog.Logger) (*app, error) {
	identity, err := s.identity()
	if err != nil {
		return nil, err
	}
	a := &app{log: log}
	if p := s.guard.Gate.Policy; p != nil && p.NeedsEasyAuth() && !s.guard.Gate.EasyAuth {
		log.Warn("the policy has rules for object ids, applications, tenants or roles, but App Service authentication is off: these rules match no caller")
	}
	if a.store, err = s.storage.open(identity, s.transport()); err != nil {
		return nil, err
	}
	open := func(from storageSettings) (lease.Store, error) { return from.open(identity, s.transport()) }
	if err := a.openAudit(s, open); err != nil {
		return nil, err
	}
	if a.secret, err = keyvault.New(s.keyvaultOptions(identity, log)); err != nil {
		return nil, err
	}
	client, err := powerbi.NewClient(a.secret, powerbi.Options{Cloud: s.cloud, Version: version, Logger: log, Transport: s.transport()})
	if err != nil {
		return nil, err
	}
	a.upstream = refresh.NewUpstream(client, log)
	a.names = names.New(client, log)
	a.keys = refresh.NewStatusKeys(a.store)
	a.routes = handler.New(a.handlerConfig(s))
	return a, nil
}

// identity is the managed identity. The SDK's own transport would follow redirects, and
// take the header along by which the platform knows this process.
func (s settings) identity() (azcore.TokenCredential, error) {
	options := azidentity.ManagedIdentityCredentialOptions{ClientOptions: azcore.ClientOptions{Transport: s.transport()}}
	if options.Transport == nil {
		options.Transport = &http.Client{CheckRedirect: noRedirects}
	}
	if s.identityClientID != "" {
		options.ID = azidentity.ClientID(s.identityClientID)
	}
	return azidentity.NewManagedIdentityCredential(&options)
}

func (s settings) keyvaultOptions(identity azcore.TokenCredential, log *slog.Logger) keyvault.Options {
	return keyvault.Options{
		Method: s.method, VaultURL: s.vaultURL, SecretName: s.secretName,
		TenantID: s.tenantID, ClientID: s.clientID, TokenExchange: s.tokenExchange, AuthorityHost: s.cloud.Authority,
		DisableInstanceDiscovery: !powerbi.KnownAuthority(s.cloud.Authority),
		Identity:                 identity, Logger: log, Transport: s.transport(),
		OnRead:     func(r keyvault.Read) { logRead(log, r) },
		OnExpiring: func(e keyvault.Expiring) { logExpiring(log, e) },
	}
}

// transport is what the clients send with; nil lets each make its own.
func (s settings) transport() policy.Transporter {
	if s.web == nil {
		return nil
	}
	return s.web
}

func (a *app) handlerConfig(s settings) handler.Config {
	coordinator, callbacks := a.domain(s)
	a.clock = a.schedules(s, coordinator, handler.ScheduleRequest(s.defaultTimeout, s.extraOptions...))
	return handler.Config{
		Refresher: coordinator, Callbacks: callbacks, Guard: s.guard, Audit: a.trail,
		History: a.history, Models: coordinator, Names: a.namesOf,
		Schedules: a.clock, Doctor: newExaminer(s, a.store).examine,
		BaseURL: s.baseURL, Hosts: s.hosts, DefaultTimeout: s.defaultTimeout, MaxWait: s.maxWait, StatusKeyed: s.statusKeyed, Allowed: s.allowed, ExtraOptions: s.extraOptions,
		Checks:  append(a.checks(s), handler.Check{Name: "leases", Test: coordinator.CheckLeases}),
		Version: version, Logger: a.log,
	}
}

// namesOf returns the names of a model and its workspace, as far as they are known.
func (a *app) namesOf(ctx context.Context, m machine.Model) (workspace, model string) {
	return a.names.Names(ctx, m.WorkspaceID, m.DatasetID)
}

// checks are what readiness looks at. What stands behind a token depends on how it is
// got: a secret in the vault, a managed identity that vouches, or nothing else.
func (a *app) checks(s settings) []handler.Check {
	checks := []handler.Check{{Name: "storage", Test: a.store.Ping}}
	if a.auditStore != nil {
		checks = append(checks, handler.Check{Name: "audit", Test: a.auditStore.Ping})
	}
	switch {
	case s.method.Vault():
		checks = append(checks, handler.Check{Name: "keyVault", Test: a.secret.Ping, Expires: a.secret.Expires})
	case s.method == keyvault.Federated:
		checks = append(checks, handler.Check{Name: "managedIdentity", Test: a.secret.Ping})
	}
	return append(checks,
		handler.Check{Name: "powerBI", Test: a.upstream.Warm}, // a token for it
		handler.Check{Name: "sweep", Test: func(context.Context) error { return sweepCheck(s) }},
	)
}

// domain wires refreshes and callbacks. Each calls the other: the coordinator reports ends,
// and the callbacks read operations. The coordinator is made first and reports none before
// it serves.
func (a *app) domain(s settings) (*refresh.Coordinator, *callback.Service) {
	rules := machine.DefaultRules()
	rules.SettleWindow = s.settleWindow
	var callbacks *callback.Service
	coordinator := refresh.New(refresh.Config{
		Store: a.store, Upstream: a.upstream, Keys: a.keys, LinkLife: s.linkLife, Rules: rules, Logger: a.log, LogWords: s.logWords,
		Ended: func(m machine.Model) { callbacks.Ended(m.String()) }, Seen: a.seen, Leaving: a.leaving, Permits: s.allowed.Permits, Evidence: a.evidence(),
	})
	sender := callback.NewSender(callback.SenderOptions{Policy: s.callbacks, Roots: s.roots(), Version: version})
	callbacks = callback.New(callback.Config{
		Store: a.store, Outcome: handler.CallbackOutcome(coordinator, s.statusKeyed), Policy: s.callbacks, Send: sender.Send, Logger: a.log,
	})
	return coordinator, callbacks
}

// sweepCheck: the host cannot load a timer whose schedule is %SWEEP_SCHEDULE% and
// not set, and says so only in its own log.
func sweepCheck(s settings) error {
	if s.sweeps {
		return nil
	}
	return errors.New("SWEEP_SCHEDULE is not set: the timer does not run, and an operation that nobody polls never ends; set it to */30 * * * * *")
}

// warm does what the first request would otherwise wait for. A failure is logged and not
// final: the request tries again and answers with the cause.
func (a *app) warm(ctx context.Context) {
	began := time.Now()
	for _, step := range []handler.Check{
		{Name: "storage", Test: a.store.Ping},
		{Name: "status keys", Test: a.keys.Warm},
		{Name: "Power BI token", Test: a.upstream.Warm},
	} {
		if err := step.Test(ctx); err != nil {
			a.log.Warn("not ready", "dependency", step.Name, "error", err)
			return
		}
	}
	a.log.Info("warm", "ms", time.Since(began).Milliseconds())
}

// background warms up, reads the schedules without waiting for the timer, and then keeps
// the secret fresh.
func (a *app) background(ctx context.Context) {
	a.warm(ctx)
	if _, err := a.clock.Tick(ctx); err != nil {
		a.log.Warn("schedules not taken up yet", "error", err)
	}
	go a.repairHistory(ctx)
	a.watchSecret(ctx)
}

// repairDelay keeps the repair of the index out of the way of a start.
const repairDelay = time.Minute

// repairHistory adds to the index of GET /api/operations what only the audit records have.
func (a *app) repairHistory(ctx context.Context) {
	for wait.For(ctx, repairDelay) {
		if err := a.history.Repair(ctx, cmp.Or(a.auditStore, a.store), time.Now()); err != nil {
			a.log.Warn("the index of GET /api/operations may lack operations that the audit records have; it is compared again within the hour", "error", err)
		}
		if !wait.For(ctx, watchInterval) {
			return
		}
	}
}

// watchInterval is how often the secret is checked when no tokens are requested. The
// credential decides whether to read the vault then.
const watchInterval = time.Hour

// watchSecret keeps the secret fresh, and its expiry reported, in an app with few requests.
func (a *app) watchSecret(ctx context.Context) {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := a.secret.Ping(ctx); err != nil {
				a.log.Warn("the secret or identity for Power BI is not usable", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// logExpiring: alert rules look for the event.
func logExpiring(log *slog.Logger, e keyvault.Expiring) {
	level, when := slog.LevelWarn, "expires soon"
	if e.Days <= 1 {
		level = slog.LevelError
	}
	if e.Days < 0 {
		when = "has expired"
	}
	log.Log(context.Background(), level, "the secret or certificate for Power BI "+when+": store a new version in Key Vault",
		hostlog.EventKey, hostlog.EventSecretExpiring, "days", e.Days, "expires", e.At.UTC().Format(time.RFC3339), "version", e.Version)
}

func logRead(log *slog.Logger, r keyvault.Read) {
	switch {
	case r.Err != nil:
		log.Warn("secret not read from Key Vault", "error", r.Err)
	case r.Expires.IsZero():
		log.Info("secret read from Key Vault", "version", r.Version)
	default:
		log.Info("secret read from Key Vault", hostlog.MetricKey, hostlog.MetricSecretDays, "value", r.Days(time.Now()),
			"version", r.Version, "expires", r.Expires.UTC().Format(time.RFC3339))
	}
}
