package doctor

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"pbirefresh/lease"
)

// maxSkew is the difference between two clocks that still does no harm. Entra ID and storage
// accept five and fifteen minutes (documented).
const maxSkew = 2 * time.Minute

// storage makes a probe, does with it what the app does with a state document, and deletes it.
func (d Deps) storage(ctx context.Context) []Check {
	probe := &probe{store: d.Store, name: "doctor/" + lease.NewID() + ".json"}
	failed := probe.run(ctx)
	probe.clean(ctx)
	return []Check{d.stored(probe, failed), probe.clock()}
}

// probe is the blob, and what was seen with it.
type probe struct {
	store   lease.Store
	name    string
	op      string // the operation that is tried
	made    bool
	version lease.Version
	skew    time.Duration // of this machine's clock
	dated   bool          // skew is known
}

func (p *probe) run(ctx context.Context) error {
	for _, s := range []struct {
		op string
		do func(context.Context) error
	}{{"list", p.list}, {"create", p.create}, {"lease", p.lease}} {
		p.op = s.op
		if _, err := step(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.do(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

func (p *probe) list(ctx context.Context) error {
	began := time.Now()
	page, err := p.store.List(ctx, "doctor/", "", 1)
	p.compare(began, page.Date)
	return err
}

// compare takes the time of an answer: the service gives whole seconds, and answered
// between began and now.
func (p *probe) compare(began, date time.Time) {
	if !date.IsZero() {
		p.dated, p.skew = true, began.Add(time.Since(began)/2).Sub(date)
	}
}

func (p *probe) create(ctx context.Context) (err error) {
	p.made = true // maybe, also with an error
	p.version, err = p.store.Create(ctx, p.name, []byte("{}"), nil)
	return err
}

func (p *probe) lease(ctx context.Context) error {
	id := lease.NewID()
	began := time.Now()
	grant, err := p.store.Acquire(ctx, p.name, id, lease.MinTTL)
	if err != nil {
		return err
	}
	p.compare(began, grant.Date)
	return p.store.Release(ctx, p.name, id)
}

// clean deletes the probe, also if the caller has left.
func (p *probe) clean(ctx context.Context) {
	if !p.made {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepLimit)
	defer cancel()
	if p.version == "" { // whether it was made is not known
		doc, err := p.store.Read(ctx, p.name)
		if err != nil {
			return
		}
		p.version = doc.Version
	}
	_ = p.store.Delete(ctx, p.name, p.version) // a probe that stays means nothing
}

func (d Deps) stored(p *probe, err error) Check {
	switch {
	case err == nil && d.Memory:
		return fine("storage", "in memory")
	case err == nil:
		return fine("storage", "a blob in the container %s was created, leased, listed and deleted", d.Container)
	case late(err) || errors.Is(err, lease.ErrUnknown):
		return problem("storage", "check the account in STATE_STORAGE__blobServiceUri (or STATE_STORAGE), its firewall and the app's outbound network",
			"%s: no answer: %s", p.op, oneLine(err))
	case p.op != "list" && strings.Contains(oneLine(err), " 403 "):
		return problem("storage", `give the app's identity the role "Storage Blob Data Contributor" on the account; it may list, so it has a role that only reads, such as Storage Blob Data Reader`,
			"%s: %s", p.op, oneLine(err)).with(d.storageSteps()...)
	}
	seen, remedy := splitRemedy(oneLine(err))
	return problem("storage", remedy, "%s: %s", p.op, seen).with(d.storageSteps()...)
}

// withRemedy is the form of the store's errors about a refusal whose remedy is known.
var withRemedy = regexp.MustCompile(`^(.*\b[1-5][0-9]{2} [0-9A-Za-z]+): (.+?)( \(request id [^)]*\))?$`)

// splitRemedy takes the remedy out of an error of the store.
func splitRemedy(text string) (seen, remedy string) {
	if m := withRemedy.FindStringSubmatch(text); m != nil {
		return m[1] + m[3], m[2]
	}
	return text, "check the account in STATE_STORAGE__blobServiceUri (or STATE_STORAGE), STATE_CONTAINER and the identity's role Storage Blob Data Contributor"
}

func (p *probe) clock() Check {
	switch {
	case !p.dated:
		return unknown("clock", "storage did not answer, so its clock is not known")
	case p.skew.Abs() > maxSkew:
		return problem("clock", "set the machine's clock by a time server: tokens and certificates are valid by the clock",
			"this machine's clock differs from storage's by %s", p.skew.Round(time.Second))
	}
	return fine("clock", "within %s of storage's", maxSkew)
}
