package main

import (
	"maps"
	"sync"
	"testing"
)

const (
	aGUID       = "f089354e-8366-4e18-aea3-4cb4a3a50b48"
	anotherGUID = "cfafbeb1-8037-4d0c-896e-a46fb27ff229"
	accountKey  = "c2VjcmV0LWFjY291bnQta2V5"
	connection  = "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=" + accountKey + ";EndpointSuffix=core.windows.net"
)

// settingsEnv is an environment, and remembers what it was asked for.
type settingsEnv struct {
	values map[string]string

	mu    sync.Mutex
	asked map[string]bool
}

// environ is the least that is complete, changed. A value of "-" takes a name away.
func environ(t *testing.T, changes map[string]string) *settingsEnv {
	t.Helper()
	e := &settingsEnv{asked: map[string]bool{}, values: map[string]string{
		"FUNCTIONS_CUSTOMHANDLER_PORT": "0",
		"POWERBI_TENANT_ID":            aGUID,
		"POWERBI_CLIENT_ID":            anotherGUID,
		"KEY_VAULT_URL":                "https://vault.vault.azure.net",
		"STATE_STORAGE":                "memory",
		"SWEEP_SCHEDULE":               "*/30 * * * * *",
	}}
	maps.Copy(e.values, changes)
	maps.DeleteFunc(e.values, func(_, value string) bool { return value == "-" })
	return e
}

func (e *settingsEnv) get(name string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked[name] = true
	return e.values[name]
}

// mustRead reads settings that are right.
func mustRead(t *testing.T, changes map[string]string) settings {
	t.Helper()
	s, err := readSettings(environ(t, changes).get)
	if err != nil {
		t.Fatalf("%v\nwith %v", err, changes)
	}
	return s
}
