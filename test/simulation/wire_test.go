package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"pbirefresh/local/sim"
	"pbirefresh/refresh"
	"pbirefresh/refresh/machine"
)

// txnKey carries the intent of a POST through the client to the wire.
type txnKey struct{}

// upstream reports to the oracle which intent a POST is for and which id a DELETE names.
type upstream struct {
	refresh.Upstream
	p *process
}

// Post implements refresh.Upstream.
func (u *upstream) Post(ctx context.Context, m machine.Model, p machine.Post, sendBy time.Time) machine.Answer {
	ctx = context.WithValue(ctx, txnKey{}, p.Txn)
	if leap, _ := u.p.ahead(refresh.StateName(m)); leap > 0 {
		sendBy = sendBy.Add(-leap) // what the wall clock makes of it
		u.p.w.cover.hit("wall clock jumps before a POST")
	}
	answer := u.Upstream.Post(ctx, m, p, sendBy)
	if answer.Kind == machine.Lost && u.p.w.sabotage == eager {
		return u.Upstream.Post(ctx, m, p, sendBy)
	}
	return answer
}

// Look implements refresh.Upstream.
func (u *upstream) Look(ctx context.Context, m machine.Model, l machine.Look) refresh.Observation {
	sight := u.Upstream.Look(ctx, m, l)
	for i := range sight.Rows {
		if u.p.w.sabotage == hopeful && sight.Rows[i].State == machine.RowFailed {
			sight.Rows[i].State = machine.RowCompleted
		}
	}
	if u.p.w.sabotage == blind && sight.Err != nil {
		sight.Err = nil
	}
	if u.p.alive() {
		u.p.w.oracle.saw(u.p.name, m, sight)
	}
	return sight
}

// Delete implements refresh.Upstream.
func (u *upstream) Delete(ctx context.Context, m machine.Model, d machine.Delete) error {
	if u.p.w.sabotage == rude {
		for _, r := range u.p.w.refreshes(m) {
			if r.Caller == "" {
				d.RefreshID = r.ID
			}
		}
	}
	if u.p.alive() {
		u.p.w.oracle.deleting(u.p.name, m, d.RefreshID)
	}
	return u.Upstream.Delete(ctx, m, d)
}

// wire is the network between one process and Power BI or Entra.
type wire struct{ p *process }

// Do implements policy.Transporter.
func (t *wire) Do(req *http.Request) (*http.Response, error) {
	p, what := t.p, strings.ToLower(req.Method)
	if req.URL.Host != sim.PowerBIHost {
		what = "token"
	}
	txn, posted := req.Context().Value(txnKey{}).(string)
	posted = posted && req.Method == http.MethodPost && what == "post"
	f := p.roll(what, req.URL.Path)
	if f.kind != "" {
		p.w.cover.hit("wire %s: %s", what, f.kind)
		p.w.trace.add(p.name, "wire %s: %s", what, f.kind)
	}
	if posted && p.alive() {
		p.w.oracle.handed(txn)
	}
	if posted {
		f.departs, f.lost = func() { p.w.oracle.departing(txn) }, func() { p.w.oracle.landed(txn) }
	}
	resp, err := through(req.Context(), p, "wire "+what, f, nil, func(ctx context.Context) (*http.Response, error) {
		if posted {
			defer p.w.oracle.landed(txn)
		}
		sent := time.Now()
		resp, err := p.w.network.RoundTrip(req.Clone(ctx))
		if m, ok := historyOf(req); ok && err == nil && resp.StatusCode == http.StatusOK {
			p.w.oracle.looked(m, sent)
		}
		if err == nil && req.URL.Host == sim.PowerBIHost {
			p.w.misdate(resp)
		}
		return resp, err
	})
	if errors.Is(err, errDead) {
		return nil, err
	}
	if posted && err == nil && resp.StatusCode == http.StatusAccepted {
		p.w.oracle.named(resp.Header)
	}
	return resp, err
}

// credential gets tokens from the simulated Entra with the secret that is in the
// vault at the moment.
type credential struct{ p *process }

var _ azcore.TokenCredential = (*credential)(nil)

// refusedSecret is Entra's no to a secret. It lasts as keyvault's does: not, since
// a new secret may be there the next time.
type refusedSecret struct{ text string }

func (e refusedSecret) Error() string { return e.text }
func (e refusedSecret) Lasting() bool { return false }

// GetToken implements azcore.TokenCredential.
func (c *credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {sim.ClientID},
		"client_secret": {c.p.w.secret()}, "scope": {o.Scopes[0]},
	}
	address := "https://" + sim.EntraHost + "/" + sim.TenantID + "/oauth2/v2.0/token"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return azcore.AccessToken{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := (&wire{c.p}).Do(req)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		c.p.w.cover.hit("token refused: %d", resp.StatusCode)
		return azcore.AccessToken{}, refusedSecret{fmt.Sprintf("Entra answered %d", resp.StatusCode)}
	}
	var token struct {
		Token   string `json:"access_token"`
		Seconds int    `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &token); err != nil {
		return azcore.AccessToken{}, err
	}
	return azcore.AccessToken{Token: token.Token, ExpiresOn: time.Now().Add(time.Duration(token.Seconds) * time.Second)}, nil
}

// historyOf returns the model whose refresh history a request reads.
func historyOf(req *http.Request) (machine.Model, bool) {
	rest, ok := strings.CutPrefix(req.URL.Path, "/v1.0/myorg/groups/")
	workspace, rest, found := strings.Cut(rest, "/datasets/")
	model, is := strings.CutSuffix(rest, "/refreshes")
	ok = ok && found && is && req.Method == http.MethodGet
	return machine.Model{WorkspaceID: workspace, DatasetID: model}, ok
}

// idsOf returns every id that the headers of a 202 may mean.
func idsOf(h http.Header) []string {
	ids := []string{h.Get("x-ms-request-id"), h.Get("RequestId")}
	if u, err := url.Parse(h.Get("Location")); err == nil {
		ids = append(ids, path.Base(u.Path))
	}
	return ids
}
