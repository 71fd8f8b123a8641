package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pbirefresh/callback"
	"pbirefresh/handler"
	"pbirefresh/keyvault"
	"pbirefresh/powerbi"
)

func TestDefaults(t *testing.T) {
	t.Parallel()
	public, err := powerbi.CloudNamed("public")
	if err != nil {
		t.Fatal(err)
	}
	all, err := handler.ParseAllowed("")
	if err != nil {
		t.Fatal(err)
	}
	want := settings{
		signIn: signIn{method: keyvault.ClientSecret, tenantID: aGUID, clientID: anotherGUID, vaultURL: "https://vault.vault.azure.net",
			secretName: "powerbi-client-secret", tokenExchange: "api://AzureADTokenExchange"},
		cloud: public, storage: storageSettings{memory: true, container: "pbirefresh"}, sweeps: true,
		settleWindow: 5 * time.Minute, defaultTimeout: 12 * time.Hour, maxWait: 45 * time.Second, linkLife: 30 * 24 * time.Hour, allowed: all,
		callbacks: callback.Policy{Hosts: callback.DefaultHosts()},
		guard:     handler.Guard{PerCaller: handler.Rate{Count: 6000, Per: time.Minute}, PerModel: handler.Rate{Count: 3000, Per: time.Minute}},
	}
	if got := mustRead(t, nil); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	// A setting that is there and empty, or blank, is as good as none.
	empty := map[string]string{}
	for _, name := range []string{"POWERBI_CLIENT_SECRET_NAME", "POWERBI_CLIENT_CERTIFICATE_NAME", "TOKEN_EXCHANGE_AUDIENCE", "POWERBI_AUTH", "POWERBI_CLOUD", "POWERBI_API_URL", "POWERBI_SCOPE",
		"AZURE_AUTHORITY_HOST", "AZURE_CLIENT_ID", "STATE_STORAGE__blobServiceUri", "STATE_CONTAINER", "SETTLE_WINDOW",
		"DEFAULT_TIMEOUT", "MAX_WAIT", "STATUS_URL_LIFETIME", "STATUS_ACCESS", "LOG_LEVEL", "ALLOWED_MODELS", "CALLBACK_HOSTS", "CALLBACK_NETWORKS", "PUBLIC_BASE_URL", "PUBLIC_HOSTS", "WEBSITE_HOSTNAME", "POLICY_FILE", "RATE_LIMIT_CALLER", "RATE_LIMIT_MODEL",
		"AUDIT_CONTAINER", "EXTRA_OPTIONS", "MEMORY_MB", "WEBSITE_AUTH_ENABLED"} {
		empty[name] = "  "
	}
	if got := mustRead(t, empty); !reflect.DeepEqual(got, want) {
		t.Errorf("with empty settings: %+v", got)
	}
}

func TestGoodSettings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, value string
		got         func(settings) any
		want        any
	}{
		{"POWERBI_TENANT_ID", "contoso.onmicrosoft.com", func(s settings) any { return s.tenantID }, "contoso.onmicrosoft.com"},
		{"POWERBI_TENANT_ID", " " + aGUID + "\n", func(s settings) any { return s.tenantID }, aGUID},
		{"POWERBI_CLIENT_ID", strings.ToUpper(aGUID), func(s settings) any { return s.clientID }, strings.ToUpper(aGUID)},
		{"KEY_VAULT_URL", "https://v.vault.azure.net/", func(s settings) any { return s.vaultURL }, "https://v.vault.azure.net/"},
		{"KEY_VAULT_URL", "https://127.0.0.1:8443", func(s settings) any { return s.vaultURL }, "https://127.0.0.1:8443"},
		{"POWERBI_CLIENT_SECRET_NAME", "sp-secret", func(s settings) any { return s.secretName }, "sp-secret"},
		{"POWERBI_AUTH", "keyvault-secret", func(s settings) any { return s.secretName }, "powerbi-client-secret"},
		{"POWERBI_AUTH", "keyvault-certificate", func(s settings) any { return s.secretName }, "powerbi-client-certificate"},
		{"POWERBI_AUTH", "managed-identity", func(s settings) any { return s.method }, keyvault.ManagedIdentity},
		{"TOKEN_EXCHANGE_AUDIENCE", "api://AzureADTokenExchangeUSNat", func(s settings) any { return s.tokenExchange }, "api://AzureADTokenExchangeUSNat"},
		{"AZURE_CLIENT_ID", aGUID, func(s settings) any { return s.identityClientID }, aGUID},
		{"POWERBI_CLOUD", "usgov", func(s settings) any { return s.cloud.API }, "https://api.powerbigov.us"},
		{"POWERBI_CLOUD", "China", func(s settings) any { return s.cloud.Authority }, "https://login.chinacloudapi.cn"},
		{"POWERBI_API_URL", "https://127.0.0.1:9/", func(s settings) any { return s.cloud.API }, "https://127.0.0.1:9"},
		{"POWERBI_SCOPE", "https://x/.default", func(s settings) any { return s.cloud.Scope }, "https://x/.default"},
		{"AZURE_AUTHORITY_HOST", "https://login.example.org/", func(s settings) any { return s.cloud.Authority }, "https://login.example.org"},
		{"STATE_CONTAINER", "state-2", func(s settings) any { return s.storage.container }, "state-2"},
		{"AUDIT_CONTAINER", "records", func(s settings) any { return s.storage.auditContainer }, "records"},
		{"SETTLE_WINDOW", "30s", func(s settings) any { return s.settleWindow }, 30 * time.Second},
		{"SETTLE_WINDOW", "1h", func(s settings) any { return s.settleWindow }, time.Hour},
		{"DEFAULT_TIMEOUT", "168h", func(s settings) any { return s.defaultTimeout }, 168 * time.Hour},
		{"MAX_WAIT", "0", func(s settings) any { return s.maxWait }, time.Duration(0)},
		{"MAX_WAIT", "200s", func(s settings) any { return s.maxWait }, 200 * time.Second},
		{"STATUS_URL_LIFETIME", "192h", func(s settings) any { return s.linkLife }, 192 * time.Hour},
		{"STATUS_ACCESS", "key", func(s settings) any { return s.statusKeyed }, true},
		{"STATUS_ACCESS", "link", func(s settings) any { return s.statusKeyed }, false},
		{"RATE_LIMIT_CALLER", "60/30s", func(s settings) any { return s.guard.PerCaller }, handler.Rate{Count: 60, Per: 30 * time.Second}},
		{"RATE_LIMIT_MODEL", "off", func(s settings) any { return s.guard.PerModel }, handler.Rate{}},
		{"WEBSITE_AUTH_ENABLED", "True", func(s settings) any { return s.guard.Gate.EasyAuth }, true},
		{"WEBSITE_AUTH_ENABLED", "1", func(s settings) any { return s.guard.Gate.EasyAuth }, false},
		{"PUBLIC_BASE_URL", "http://localhost:7071", func(s settings) any { return s.baseURL }, "http://localhost:7071"},
		{"PUBLIC_BASE_URL", "http://[::1]:7071", func(s settings) any { return s.baseURL }, "http://[::1]:7071"},
		{"PUBLIC_BASE_URL", "https://gw.example.com/pbi/", func(s settings) any { return s.baseURL }, "https://gw.example.com/pbi"},
		{"PUBLIC_HOSTS", "Refresh.example.com, gw.example.com:8443", func(s settings) any { return s.hosts["refresh.example.com"] && s.hosts["gw.example.com:8443"] }, true},
		{"CALLBACK_HOSTS", "Receiver.example.com; localhost:8443", func(s settings) any {
			return allowed(s, "https://a.receiver.example.com/x", "https://localhost:8443/x")
		}, true},
		{"CALLBACK_HOSTS", "receiver.example.com", func(s settings) any { return allowed(s, "https://prod.logic.azure.com/x") }, false},
		{"CALLBACK_HOSTS", " ", func(s settings) any { return allowed(s, "https://prod.logic.azure.com/x") }, true},
		{"CALLBACK_NETWORKS", "10.1.0.0/16, fd12::/48", func(s settings) any { return len(s.callbacks.Networks) }, 2},
		{"WEBSITE_HOSTNAME", "localhost:7071", func(s settings) any { return s.baseURL }, ""}, // as Core Tools set it
		{"WEBSITE_HOSTNAME", "localhost:7071", func(s settings) any { return s.guard.FrontEnd }, false},
		{"WEBSITE_HOSTNAME", "", func(s settings) any { return s.guard.FrontEnd }, false},
		{"WEBSITE_HOSTNAME", "app.azurewebsites.net", func(s settings) any { return s.guard.FrontEnd }, true},
		{"WEBSITE_HOSTNAME", "127.0.0.1:7071", func(s settings) any { return s.baseURL }, ""},
		{"EXTRA_OPTIONS", "newOption, other;third", func(s settings) any { return strings.Join(s.extraOptions, "|") }, "newOption|other|third"},
		{"MEMORY_MB", "2048", func(s settings) any { return s.memory }, int64(2 << 30)},
		{"SWEEP_SCHEDULE", "*/30 * * * * *", func(s settings) any { return sweepCheck(s) == nil }, true},
		{"SWEEP_SCHEDULE", " ", func(s settings) any { return strings.Contains(sweepCheck(s).Error(), "SWEEP_SCHEDULE is not set") }, true},
		{"WEBSITE_HOSTNAME", "app.azurewebsites.net", func(s settings) any { return s.baseURL }, "https://app.azurewebsites.net"},
	} {
		if got := tc.got(mustRead(t, map[string]string{tc.name: tc.value})); got != tc.want {
			t.Errorf("%s=%q: got %v, want %v", tc.name, tc.value, got, tc.want)
		}
	}
	both := map[string]string{"PUBLIC_BASE_URL": "https://own.example.com", "WEBSITE_HOSTNAME": "app.azurewebsites.net"}
	if got := mustRead(t, both).baseURL; got != "https://own.example.com" {
		t.Errorf("base URL %s: what was set by hand counts", got)
	}
	allowed, err := handler.ParseAllowed(aGUID)
	if err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, map[string]string{"ALLOWED_MODELS": aGUID}).allowed; !reflect.DeepEqual(got, allowed) {
		t.Errorf("allowed %+v", got)
	}
}

// allowed reports whether all these URLs may be called back.
func allowed(s settings, urls ...string) bool {
	return !slices.ContainsFunc(urls, func(u string) bool { _, err := s.callbacks.Check(u); return err != nil })
}

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, value, says string }{
		{"EXTRA_OPTIONS", "type", "does not know"},
		{"EXTRA_OPTIONS", "new-option", "name of an option"},
		{"MEMORY_MB", "2 GB", "in MB"},
		{"MEMORY_MB", "64", "from 128"},
		{"POWERBI_TENANT_ID", "-", "is not set"},
		{"POWERBI_TENANT_ID", "a b", "tenant"},
		{"POWERBI_TENANT_ID", "x/../y", "tenant"},
		{"POWERBI_CLIENT_ID", "-", "is not set"},
		{"POWERBI_CLIENT_ID", "my app", "GUID"},
		{"KEY_VAULT_URL", "-", "is not set"},
		{"KEY_VAULT_URL", "my-vault", "https://name.vault.azure.net"},
		{"KEY_VAULT_URL", "http://v.vault.azure.net", "https://name.vault.azure.net"},
		{"KEY_VAULT_URL", "https://v.vault.azure.net/secrets/x", "https://name.vault.azure.net"},
		{"KEY_VAULT_URL", "https://user:pw@v.vault.azure.net", "https://name.vault.azure.net"},
		{"POWERBI_CLIENT_SECRET_NAME", "not a name!", "name of the secret"},
		{"POWERBI_CLIENT_SECRET_NAME", "https://v.vault.azure.net/secrets/x", "name of the secret"},
		{"POWERBI_AUTH", "certificate", "keyvault-certificate"},
		{"RATE_LIMIT_CALLER", "600", "6000/1m"},
		{"RATE_LIMIT_CALLER", "0/1m", "6000/1m"},
		{"RATE_LIMIT_MODEL", "10/2h", "3000/1m"},
		{"RATE_LIMIT_MODEL", "99999999/1m", "or off"},
		{"POLICY_FILE", "nowhere/policy.json", "no such file"},
		{"POLICY_FILE", ".", "not a file"},
		{"POWERBI_AUTH", "federated", "AZURE_CLIENT_ID"},
		{"POWERBI_CLIENT_CERTIFICATE_NAME", "-----BEGIN CERTIFICATE-----", "name of the certificate"},
		{"TOKEN_EXCHANGE_AUDIENCE", "AzureADTokenExchange", "api://"},
		{"POWERBI_AUTH", "KeyVault-Secret", "keyvault-secret"},
		{"AZURE_CLIENT_ID", "identity", "GUID"},
		{"POWERBI_CLOUD", "mars", "usgov"},
		{"POWERBI_API_URL", "http://api.powerbi.com", "https"},
		{"AZURE_AUTHORITY_HOST", "login.microsoftonline.com", "https"},
		{"STATE_CONTAINER", "State", "lower-case"},
		{"STATE_CONTAINER", "a", "3 to 63"},
		{"AUDIT_CONTAINER", "Audit", "3 to 63"},
		{"SETTLE_WINDOW", "29s", "from 30s to 1h, such"},
		{"SETTLE_WINDOW", "5", "such as"},
		{"DEFAULT_TIMEOUT", "169h", "from 1m to 168h, such"},
		{"DEFAULT_TIMEOUT", "12 h", "such as"},
		{"MAX_WAIT", "5m", "from 0s to 3m20s, such"},
		{"MAX_WAIT", "201s", "3m20s"},
		{"MAX_WAIT", "-1s", "0s"},
		{"STATUS_URL_LIFETIME", "7d", "from 192h"},
		{"STATUS_URL_LIFETIME", "191h", "from 192h"},
		{"STATUS_ACCESS", "open", "link or key"},
		{"LOG_LEVEL", "verbose", "info or debug or warn or error"},
		{"ALLOWED_MODELS", aGUID + "/Sales", "workspaceId/datasetId"},
		{"CALLBACK_HOSTS", "*.example.com", "no asterisk"},
		{"CALLBACK_HOSTS", "https://example.com", "no scheme"},
		{"CALLBACK_HOSTS", "example.com 10.0.0.1", "no address"},
		{"CALLBACK_HOSTS", "example.com:0", "example.com:8443"},
		{"CALLBACK_NETWORKS", "10.1.0.0", "10.1.0.0/16"},
		{"CALLBACK_NETWORKS", "10.1.0.1/16", "beyond its length"},
		{"PUBLIC_HOSTS", "https://refresh.example.com", "no scheme"},
		{"PUBLIC_HOSTS", "*.example.com", "no asterisk"},
		{"PUBLIC_BASE_URL", "app.azurewebsites.net", "https://app.azurewebsites.net"},
		{"PUBLIC_BASE_URL", "ftp://app", "https://app.azurewebsites.net"},
		{"PUBLIC_BASE_URL", "http://app.azurewebsites.net", "https://app.azurewebsites.net"},
		{"PUBLIC_BASE_URL", "http://localhost.example.com", "https://app.azurewebsites.net"},
		{"PUBLIC_BASE_URL", "https://app/?x=1", "https://app.azurewebsites.net"},
		{"PUBLIC_BASE_URL", "https://app/?", "https://app.azurewebsites.net"},
		{"PUBLIC_BASE_URL", "https://app/#x", "https://app.azurewebsites.net"},
		{"PUBLIC_BASE_URL", "https://me@app", "https://app.azurewebsites.net"},
		{"PUBLIC_BASE_URL", "https://app/~me", "https://app.azurewebsites.net"},
	} {
		t.Run(tc.name+"="+tc.value, func(t *testing.T) {
			t.Parallel()
			changes := map[string]string{tc.name: tc.value}
			if tc.name == "STATE_CONTAINER" { // memory has none
				changes["STATE_STORAGE"] = connection
			}
			_, err := readSettings(environ(t, changes).get)
			if err == nil {
				t.Fatal("taken")
			}
			if text := err.Error(); !strings.Contains(text, tc.name) || !strings.Contains(text, tc.says) || strings.Contains(text, "\n") {
				t.Errorf("%q, want one problem that names %s and says %q", text, tc.name, tc.says)
			}
		})
	}
}

// The problems are told to every caller, and a value in the wrong place may be a
// secret: no value is repeated.
func TestProblemsRepeatNoValue(t *testing.T) {
	t.Parallel()
	const secret = "abc8Q~s3cr3t/value here"
	for _, name := range documented() {
		if name == "FUNCTIONS_CUSTOMHANDLER_PORT" {
			continue
		}
		_, err := readSettings(environ(t, map[string]string{"STATE_STORAGE": "-", name: secret}).get)
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	wrong := map[string]string{
		"POWERBI_TENANT_ID": "-", "POWERBI_CLIENT_ID": "x", "KEY_VAULT_URL": "x", "POWERBI_CLIENT_SECRET_NAME": "x y", "POWERBI_AUTH": "x",
		"AZURE_CLIENT_ID": "x", "POWERBI_CLOUD": "x", "STATE_STORAGE": "-", "STATE_STORAGE__blobServiceUri": "http://x", "SETTLE_WINDOW": "x",
		"DEFAULT_TIMEOUT": "x", "MAX_WAIT": "x", "STATUS_URL_LIFETIME": "x", "STATUS_ACCESS": "x", "LOG_LEVEL": "x", "ALLOWED_MODELS": "x", "PUBLIC_BASE_URL": "x", "PUBLIC_HOSTS": "x/",
		"POWERBI_CLIENT_CERTIFICATE_NAME": "x y", "TOKEN_EXCHANGE_AUDIENCE": "x",
		"CALLBACK_HOSTS": "/", "CALLBACK_NETWORKS": "x",
		"AUDIT_CONTAINER": "X", "POLICY_FILE": "x", "RATE_LIMIT_CALLER": "x", "RATE_LIMIT_MODEL": "x",
	}
	_, err := readSettings(environ(t, wrong).get)
	if err == nil {
		t.Fatal("taken")
	}
	for name := range wrong {
		if name != "STATE_STORAGE" && !strings.Contains(err.Error(), name) {
			t.Errorf("no word about %s in\n%v", name, err)
		}
	}
	if n := strings.Count(err.Error(), "\n") + 1; n != len(wrong)-1 {
		t.Errorf("%d problems, want %d:\n%v", n, len(wrong)-1, err)
	}
}
