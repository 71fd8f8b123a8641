// Package sim emulates the four services that a Power BI refresher on Azure calls, with their faults: the Power BI REST
// API, Entra ID, App Service's managed identity endpoint and Key Vault. It implements their wire protocols, so that a
// production binary with the real Azure SDK works unchanged, without a test mode.
//
// It is an independent reading of the public documentation and of published exchanges, and never imports the client that
// it tests. Each behaviour has its source: "documented", "seen" with the place, or "unverified:" where nothing was
// published and the simulator had to choose. Most unverified choices have a switch in [Knobs].
//
// # Use it in your own tests
//
//	w, err := sim.Start(sim.WorldOptions{})
//	if err != nil {
//		t.Fatal(err)
//	}
//	defer w.Close()
//	cmd := exec.Command("./refresher")
//	cmd.Env = append(os.Environ(), w.Environ()...)
//	// ... start cmd, ask it to refresh sim.Sales(), then:
//	_ = w.PowerBI.FailNext(sim.Sales(), sim.FailCredentials)
//	_ = w.Fail(sim.Fault{Kind: sim.CutAfter, Op: sim.OpStart})
//	counters, _ := w.PowerBI.Counters(sim.Sales())
//	// counters.MaxOverlap must never exceed 1.
//
// Without sockets, for example in a testing/synctest bubble, [NewCloud] gives the same services and [Cloud.Transport] an
// [net/http.RoundTripper] that serves them under their public names.
//
// # Layers
//
//   - [PowerBI], [Entra], [Identity] and [Vault] are in-memory services: an [net/http.Handler] and Go methods. They start
//     no goroutine. The state of a refresh is a function of the injected clock, computed on each read; steps that became
//     due in the meantime happen in their order and at their times.
//   - [Cloud] puts them on one clock, one [Journal] and one queue of scripted [Fault] values.
//   - [World] puts a Cloud on loopback sockets, with its own certificate authority and the control plane, which
//     GET /sim/ describes in curl lines.
//
// # Faults
//
// Every call has the same steps: a delay, the service's own work, another delay, and then the answer, another answer, or
// a cut connection. [Fault].After decides whether the work is done first: it separates a rejected refresh request from
// an accepted one whose answer was lost. [Fault].Land delivers a request to Power BI late, after its caller has given
// up. [Outcome] has how a refresh ends, and [Knobs] the rest: busy answers, dropped and queued requests, ids that appear
// late, vanish or change, undocumented words.
//
// # Side effects
//
// The standard library, loopback sockets and one PEM file. The certificate authority is limited to loopback names and
// a week. Nothing leaves the machine.
//
// # Not guaranteed
//
// That Microsoft's services behave like this: see "unverified:". There is no DAX engine, no model, no user sign-in, no
// capacity and no data. Redirecting trust with SSL_CERT_FILE works for Go programs on Unix; on macOS and Windows add
// [World].CAFile to the user's trust store while it runs. The control plane has no authentication.
package sim
