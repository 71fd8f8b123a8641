// Package azurite runs Azurite, Microsoft's open-source blob service, for tests
// and for development: the real protocol on this machine, without an account.
//
// [Start] runs the version pinned in tools/package-lock.json (installed by `make
// tools`) as a Node process on a free port of 127.0.0.1, with an account key made
// up for this one server. [Shared] is one server for a whole test binary; its
// tests keep apart by containers of their own, named by [NewContainer].
//
// A server does not outlive the process that started it, even one that was
// killed: it watches its standard input, which is a pipe from that process, and
// ends when the pipe closes.
//
// What it is not: Azurite has one thread and about 850 small requests a second,
// so contention measured here measures Azurite. Some answers differ from the
// service's (package lease/bloblease says which). Not for production.
package azurite
