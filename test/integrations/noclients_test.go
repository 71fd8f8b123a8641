//go:build !clients

package integrations

// installedClients need Python, Java and their packages: see make clients.
func installedClients() map[string]client { return nil }
