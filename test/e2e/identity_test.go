package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pbirefresh/handler"
	"pbirefresh/local/sim"
	"pbirefresh/refresh/machine"
)

const (
	certificateName  = "powerbi-client-certificate"
	assignedIdentity = "7e4a0000-51b1-4d00-8000-0000000000aa"
)

// Every way in refreshes a model, with what Entra ID demands for it and nothing else.
func TestEachWayIn(t *testing.T) {
	t.Parallel()
	for method, prepare := range map[string]func(*testing.T, *sim.World) map[string]string{
		"keyvault-secret":      func(*testing.T, *sim.World) map[string]string { return nil },
		"keyvault-certificate": withCertificate,
		"managed-identity":     withIdentity,
		"federated":            withFederation,
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			world := newWorld(t)
			settings := inMemory()
			maps.Copy(settings, prepare(t, world))
			settings["POWERBI_AUTH"] = method
			a := startApp(t, world, settings)
			if resp, text := a.call("GET", "/api/health/ready", ""); resp.StatusCode != http.StatusOK {
				t.Errorf("ready: %s %s", resp.Status, text)
			}
			if doc := a.finish(a.trigger(body(sim.Sales())).StatusURL); doc.Status != machine.StatusSucceeded {
				t.Errorf("%s %+v", doc.Status, doc.Error)
			}
			vault := world.Journal.Count(sim.OpSecret, http.StatusOK) > 0
			if vault != strings.HasPrefix(method, "keyvault") {
				t.Errorf("the vault was read: %v", vault)
			}
		})
	}
}

// withCertificate takes the application's secret away: only the certificate is left.
func withCertificate(t *testing.T, world *sim.World) map[string]string {
	t.Helper()
	world.Entra.AddApp(sim.TenantID, sim.ClientID)
	storeCertificate(t, world)
	return nil
}

func storeCertificate(t *testing.T, world *sim.World) {
	t.Helper()
	certificate, text, err := sim.NewCertificate(time.Now().Add(-time.Hour), 90*24*time.Hour)
	if err == nil {
		err = world.Entra.AddCertificate(sim.TenantID, sim.ClientID, certificate)
	}
	if err != nil {
		t.Fatal(err)
	}
	leaks.secret("a private key's line", strings.Split(text, "\n")[3])
	world.Vault.SetSecret(certificateName, sim.Secret{Value: text, Type: "application/x-pem-file", Expires: certificate.NotAfter})
}

// withIdentity lets the managed identity itself into the workspace; no vault, no application.
func withIdentity(t *testing.T, world *sim.World) map[string]string {
	t.Helper()
	world.Identity.AddUser(sim.TenantID, assignedIdentity)
	if err := world.PowerBI.Grant(sim.WorkspaceID, assignedIdentity, sim.RoleContributor); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"AZURE_CLIENT_ID": assignedIdentity, "KEY_VAULT_URL": "", "POWERBI_CLIENT_ID": "", "POWERBI_TENANT_ID": ""}
}

// withFederation leaves the application nothing but its trust in the managed identity.
func withFederation(t *testing.T, world *sim.World) map[string]string {
	t.Helper()
	world.Entra.AddApp(sim.TenantID, sim.ClientID)
	world.Identity.AddUser(sim.TenantID, assignedIdentity)
	if err := world.Entra.AddFederated(sim.TenantID, sim.ClientID, sim.FederatedCredential{
		Issuer: sim.FederatedIssuer(sim.TenantID), Subject: world.Entra.ObjectID(sim.TenantID, assignedIdentity), Audience: "api://AzureADTokenExchange",
	}); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"AZURE_CLIENT_ID": assignedIdentity, "KEY_VAULT_URL": ""}
}

// A way in that is not set up says what is missing.
func TestWaysInThatAreNotSetUp(t *testing.T) {
	t.Parallel()
	for method, names := range map[string]string{
		"keyvault-certificate": "POWERBI_CLIENT_CERTIFICATE_NAME",
		"managed-identity":     "workspace",
		"federated":            "federated credential",
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			world := newWorld(t)
			world.Identity.AddUser(sim.TenantID, assignedIdentity)
			settings := inMemory()
			settings["POWERBI_AUTH"], settings["AZURE_CLIENT_ID"] = method, assignedIdentity
			if method == "keyvault-certificate" {
				delete(settings, "AZURE_CLIENT_ID")
			}
			a := startApp(t, world, settings)
			doc := a.finish(a.trigger(body(sim.Sales())).StatusURL)
			if doc.Status != machine.StatusFailed || !strings.Contains(fmt.Sprintf("%+v", *doc.Error), names) {
				t.Errorf("%s %+v, want it to name %s", doc.Status, doc.Error, names)
			}
		})
	}
}

// The secret is replaced, and the old one dies at once with all its tokens, while
// fifty operations are queued, starting and running: none fails.
func TestSecretReplacedUnderFiftyOperations(t *testing.T) {
	t.Parallel()
	const rotated = "sim~rotated-secret"
	leaks.secret("a rotated secret", rotated)
	rotateUnderFifty(t, nil, func(_ *testing.T, world *sim.World) { world.RotateSecret(rotated, true) })
}

// The same with a certificate.
func TestCertificateReplacedUnderFiftyOperations(t *testing.T) {
	t.Parallel()
	rotateUnderFifty(t, withCertificate, func(t *testing.T, world *sim.World) {
		t.Helper()
		if err := world.Entra.RemoveCertificates(sim.TenantID, sim.ClientID); err != nil {
			t.Error(err)
		}
		storeCertificate(t, world)
	})
}

func rotateUnderFifty(t *testing.T, prepare func(*testing.T, *sim.World) map[string]string, rotate func(*testing.T, *sim.World)) {
	t.Helper()
	world, settings := newWorld(t), inMemory()
	if prepare != nil {
		prepare(t, world)
		settings["POWERBI_AUTH"] = "keyvault-certificate"
	}
	models := manyModels(t, world, 50, 8*time.Second)
	a := startApp(t, world, settings)
	docs := make([]handler.StatusDocument, len(models))
	var wg sync.WaitGroup
	half := make(chan struct{}, len(models))
	for i, m := range models {
		wg.Go(func() {
			doc, err := a.client.Trigger(t.Context(), []byte(body(m)))
			if err != nil {
				t.Error(err)
				return
			}
			half <- struct{}{}
			docs[i] = a.finish(doc.StatusURL)
		})
	}
	for range len(models) / 2 { // the other half is being asked for
		<-half
	}
	reads := world.Journal.Count(sim.OpSecret, http.StatusOK)
	rotate(t, world)
	world.Entra.RevokeTokens(sim.ClientID)
	wg.Wait()
	for i, d := range docs {
		if d.Status != machine.StatusSucceeded || len(d.Attempts) != 1 {
			t.Errorf("operation %d: %s after %d attempts: %+v", i, d.Status, len(d.Attempts), d.Error)
		}
	}
	if more := world.Journal.Count(sim.OpSecret, http.StatusOK) - reads; more < 1 || more > 2 {
		t.Errorf("the vault was read %d times to find the new secret", more)
	}
}

func manyModels(t *testing.T, world *sim.World, n int, lasts time.Duration) []sim.Ref {
	t.Helper()
	var models []sim.Ref
	for i := range n {
		ref := sim.Ref{Workspace: sim.WorkspaceID, Model: fmt.Sprintf("7e4a0000-51b1-4d00-8000-0000000001%02x", i)}
		if err := world.PowerBI.AddModel(ref, fmt.Sprintf("Model %d", i), sim.Knobs{Duration: lasts}); err != nil {
			t.Fatal(err)
		}
		models = append(models, ref)
	}
	return models
}
