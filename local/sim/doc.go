// Package sim is an adversarial stand-in for the four services that a Power BI refresher on Azure talks to: the Power BI
// REST API, Entra ID, App Service's managed identity endpoint and Key Vault. It speaks their wire protocols, so that a
// production binary, with the real Azure SDK in it, cannot tell the difference and needs no test mode.
//
// It is an independent reading of the public documentation and of published exchanges, and never imports the client that
// it tests. Each behaviour carries its source: "documented", "seen" with the place, or "unverified:" where nothing was
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
//     no goroutine. The state of a refresh is a function of the injected clock, worked out when somebody looks; steps
//     that became due meanwhile happen in their own order and at their own times.
//   - [Cloud] puts them on one clock, one [Journal] and one queue of scripted [Fault] values.
//   - [World] puts a Cloud on loopback sockets, with a certificate authority of its own and the control plane, which
//     GET /sim/ explains in curl lines.
//
// # Faults
//
// Every call passes one gate: a delay, the service's own work, another delay, and then the answer, another answer, or a
// cut connection. A fault says whether the work is done first ([Fault].After), which is the difference between a refresh
// request that was refused and one that was accepted and whose answer was lost. [Fault].Land delivers a request to
// Power BI late although its caller has given up. The rest is in [Outcome] (how a refresh ends) and [Knobs] (busy
// answers, dropped and queued requests, ids that come late, vanish or change, words nobody documented).
//
// # What it may touch
//
// The standard library, loopback sockets and one PEM file. The certificate authority can vouch for loopback names only
// and for a week. Nothing leaves the machine.
//
// # What is not guaranteed
//
// That Microsoft's services behave like this: see "unverified:". There is no DAX engine, no model, no user sign-in, no
// capacity and no data. Redirecting trust with SSL_CERT_FILE works for Go programs on Unix; on macOS and Windows add
// [World].CAFile to the user's trust store while it runs. The control plane has no authentication.
package sim
