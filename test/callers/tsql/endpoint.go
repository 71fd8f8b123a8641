package tsql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const headerLimit = 8 << 10

// hosts of the published list that a function app can have, and Power BI's.
func hosts() []string {
	return []string{"*.azurewebsites.net", "*.appserviceenvironment.net", "*.azure-api.net", "*.azurecontainer.io", "api.powerbi.com"}
}

// invoke is sys.sp_invoke_external_rest_endpoint.
func (d *Database) invoke(ctx context.Context, args map[string]any) (string, error) {
	req, seconds, err := d.request(args)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
	defer cancel()
	client := *d.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req.WithContext(ctx))
	if err != nil {
		return "", fmt.Errorf("an error occurred while invoking the external rest endpoint: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	return envelope(resp, body)
}

func (d *Database) request(args map[string]any) (*http.Request, int, error) {
	take := func(name, otherwise string) string {
		v := args[name]
		delete(args, name)
		if v == nil {
			return otherwise
		}
		return text(v)
	}
	address, err := d.address(take("@url", ""))
	if err != nil {
		return nil, 0, err
	}
	req, err := http.NewRequest(take("@method", http.MethodPost), address.String(), strings.NewReader(take("@payload", ""))) //nolint:noctx // the caller adds it
	if err != nil {
		return nil, 0, err
	}
	req.GetBody = nil // or Go would send a POST with an Idempotency-Key again by itself
	if err := d.headers(req, take("@headers", "{}"), take("@credential", "")); err != nil {
		return nil, 0, err
	}
	seconds, err := number(constant(take("@timeout", "30")), nil)
	if err != nil || *seconds < 1 || *seconds > 230 {
		return nil, 0, errors.New("the @timeout must be from 1 to 230")
	}
	delete(args, "@response")
	for name := range args {
		return nil, 0, fmt.Errorf("%s is not a parameter of the procedure", name)
	}
	return req, *seconds, nil
}

func (d *Database) address(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || len(text) > 8<<10 || len(u.RawQuery) > 4<<10 {
		return nil, errors.New("the URL must be https, and not too long")
	}
	allowed := slices.ContainsFunc(hosts(), func(pattern string) bool {
		suffix, any := strings.CutPrefix(pattern, "*")
		return u.Hostname() == pattern || any && strings.HasSuffix(u.Hostname(), suffix)
	})
	if !allowed {
		return nil, fmt.Errorf("connections to the domain %s are not allowed", u.Hostname())
	}
	return u, nil
}

// headers sets those of the caller and of the credential, and the forced ones.
func (d *Database) headers(req *http.Request, given, credential string) error {
	sets := []string{given}
	if credential != "" {
		secret, known := d.credentials[credential]
		switch {
		case !known:
			return fmt.Errorf("cannot find the credential %s", credential)
		case !covers(credential, req.URL.String()):
			return fmt.Errorf("the credential %s is not for that URL", credential)
		}
		sets = append(sets, secret)
	}
	size := 0
	for _, set := range sets {
		var headers map[string]string
		if err := json.Unmarshal([]byte(set), &headers); err != nil {
			return fmt.Errorf("headers must be a flat JSON object: %w", err)
		}
		for name, value := range headers {
			req.Header.Set(name, value)
			size += len(name) + len(value)
		}
	}
	if size > headerLimit {
		return errors.New("the headers exceed 8 KB")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Accept", "application/json")
	return nil
}

// covers: the name is a prefix of the URL in whole segments.
func covers(name, address string) bool {
	rest, prefix := strings.CutPrefix(address, strings.TrimSuffix(name, "/"))
	return prefix && (rest == "" || rest[0] == '/' || rest[0] == '?')
}

// envelope is what @response holds.
func envelope(resp *http.Response, body []byte) (string, error) {
	headers, size := map[string]string{}, 0
	for name := range resp.Header {
		value := resp.Header.Get(name)
		if size += len(name) + len(value); !strings.Contains(value, "~") {
			headers[name] = value
		}
	}
	if size > headerLimit {
		return "", errors.New("the headers of the response exceed 8 KB")
	}
	description := http.StatusText(resp.StatusCode)
	out := map[string]any{"response": map[string]any{
		"status":  map[string]any{"http": map[string]any{"code": resp.StatusCode, "description": description}},
		"headers": headers,
	}}
	if len(body) > 0 {
		out["result"] = json.RawMessage(body)
		if !json.Valid(body) {
			return "", errors.New("the response is not JSON")
		}
	}
	b, err := json.Marshal(out)
	return string(b), err
}
