//go:build !clients

package integrations

// pythonClients need Python and its packages: see make clients.
func pythonClients() map[string]client { return nil }
