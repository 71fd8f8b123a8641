package sim

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

func (ctl *Control) addFault(r *http.Request) (any, error) {
	query := r.URL.Query()
	f := Fault{
		Kind: FaultKind(query.Get("kind")), Op: Op(query.Get("op")),
		Model: Ref{Workspace: query.Get("workspace"), Model: query.Get("model")},
	}
	if err := knownOp(f.Op); err != nil {
		return nil, err
	}
	var err [7]error
	f.Times, err[0] = number(r, "times", 1)
	f.Skip, err[1] = number(r, "skip", 0)
	f.Status, err[2] = number(r, "status", 0)
	f.Delay, err[3] = span(r, "delay")
	f.Hold, err[4] = span(r, "hold")
	f.Land, err[5] = span(r, "land")
	f.RetryAfter, err[6] = span(r, "retryAfter")
	if err := cmp.Or(err[:]...); err != nil {
		return nil, err
	}
	return "scripted", ctl.cloud.Fail(f)
}

func knownOp(op Op) error {
	for _, known := range Ops() {
		if op == known || op == "" {
			return nil
		}
	}
	return fmt.Errorf("unknown op %q: use one of %v", op, Ops())
}

func (ctl *Control) throttle(r *http.Request) (any, error) {
	d, err := span(r, "retryAfter")
	if err != nil {
		return nil, err
	}
	op := Op(r.URL.Query().Get("op"))
	if err := knownOp(op); err != nil {
		return nil, err
	}
	ctl.cloud.PowerBI.Throttle(d, op)
	return "throttled for " + d.String(), nil
}

func (ctl *Control) access(r *http.Request) (any, error) {
	mode := r.URL.Query().Get("mode")
	err := oneOf(mode, "", string(AccessSettingOff), string(AccessNotInGroup), string(AccessConditional))
	if err != nil {
		return nil, fmt.Errorf("mode: %w", err)
	}
	ctl.cloud.PowerBI.SetAccess(Access(mode))
	return "set", nil
}

// entraSecret replaces the service principal's secrets by the one in the body.
func (ctl *Control) entraSecret(r *http.Request) (any, error) {
	value, err := bodyText(r)
	if err != nil {
		return nil, err
	}
	secret := ClientSecret{Value: value}
	if r.URL.Query().Get("expired") != "" {
		secret.Expires = ctl.cloud.Entra.now()
	}
	ctl.cloud.Entra.AddApp(TenantID, ClientID, secret)
	return "set", nil
}

func (ctl *Control) revoke(r *http.Request) (any, error) {
	ctl.cloud.Entra.RevokeTokens(cmp.Or(r.URL.Query().Get("app"), ClientID))
	return "revoked", nil
}

// vaultSecret stores the body as a new version of a secret.
func (ctl *Control) vaultSecret(r *http.Request) (any, error) {
	value, err := bodyText(r)
	if err != nil {
		return nil, err
	}
	secret := Secret{Value: value, Disabled: r.URL.Query().Get("disabled") != ""}
	return map[string]string{"version": ctl.cloud.Vault.SetSecret(r.PathValue("secret"), secret)}, nil
}

func (ctl *Control) vaultDelete(r *http.Request) (any, error) {
	return "soft-deleted", ctl.cloud.Vault.Delete(r.PathValue("secret"))
}

func (ctl *Control) vaultAccess(r *http.Request) (any, error) {
	on, err := strconv.ParseBool(r.URL.Query().Get("on"))
	if err != nil {
		return nil, fmt.Errorf("on: %w", err)
	}
	ctl.cloud.Vault.Grant(cmp.Or(r.URL.Query().Get("app"), IdentityID), on)
	return "set", nil
}

func bodyText(r *http.Request) (string, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", fmt.Errorf("read the body: %w", err)
	}
	text := strings.TrimSpace(string(body))
	if text == "" {
		return "", errors.New("the body is empty: send the secret's value")
	}
	return text, nil
}
