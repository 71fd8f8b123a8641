package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/spf13/cobra"

	"pbirefresh/handler"
)

// connection is where a command finds the app.
type connection struct {
	env          Environment
	url, profile string
	keyStdin     bool
}

func (c *connection) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.url, "url", "", "`address` of the function app (default: $PBIREFRESH_URL, else the profile)")
	f.StringVar(&c.profile, "profile", "", "profile `name` (default: $PBIREFRESH_PROFILE, else the default profile)")
	f.BoolVar(&c.keyStdin, "key-stdin", false, "read the function key from standard input (default: $PBIREFRESH_KEY, else the profile)")
	cmd.MarkFlagsMutuallyExclusive("url", "profile")
	_ = cmd.RegisterFlagCompletionFunc("profile", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return profileNames(c.env), cobra.ShellCompDirectiveNoFileComp
	})
}

// app is what a command sends its requests to.
type app struct {
	*handler.Client
	from string // where the key comes from, for the error about a wrong one
}

// open returns the app. header goes with each POST.
func (c *connection) open(header http.Header) (app, error) {
	p, err := c.target()
	if err != nil {
		return app{}, err
	}
	a := app{Client: &handler.Client{BaseURL: strings.TrimRight(p.URL, "/"), Key: p.Key}, from: p.keyFrom}
	t := &transport{base: a.BaseURL, header: header, next: http.DefaultTransport}
	if p.Auth == authAzure {
		if t.credential, err = c.env.Credential(); err != nil {
			return app{}, signInFirst(err)
		}
		t.scope = strings.TrimRight(p.Resource, "/") + "/.default"
	}
	a.HTTP = &http.Client{Transport: t}
	return a, nil
}

// target returns the address, and how to sign in.
func (c *connection) target() (target, error) {
	t, err := c.address()
	if err != nil {
		return t, err
	}
	if !isURL(t.URL) {
		return t, usagef("%q is not the address of an app: it begins with https:// or http://", t.URL)
	}
	return t, c.readKey(&t)
}

// address finds the app: flags first, then the environment, then the default profile. The
// key of a profile never goes to another address than that of the profile.
func (c *connection) address() (target, error) {
	if name := cmp.Or(c.profile, c.env.Getenv("PBIREFRESH_PROFILE")); name != "" && c.url == "" {
		return namedProfile(c.env, name)
	}
	if address := cmp.Or(c.url, c.env.Getenv("PBIREFRESH_URL")); address != "" {
		return target{profile: profile{URL: address}}, nil
	}
	t, err := namedProfile(c.env, "")
	if errors.Is(err, errNoProfile) {
		return t, usagef("the address of the app is missing: set PBIREFRESH_URL, pass --url, or run pbirefresh profile set NAME --url URL")
	}
	return t, err
}

func (c *connection) readKey(t *target) error {
	switch {
	case c.keyStdin:
		key, err := readSecret(c.env.Stdin)
		t.Key, t.keyFrom = key, "standard input"
		return err
	case t.Key != "":
		t.keyFrom = "profile " + t.name
	case c.env.Getenv("PBIREFRESH_KEY") != "":
		t.Key, t.keyFrom = c.env.Getenv("PBIREFRESH_KEY"), "PBIREFRESH_KEY"
	}
	return nil
}

// readSecret reads a key from standard input: all of it, without the line end.
func readSecret(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, 4096))
	if err != nil {
		return "", err
	}
	key := strings.TrimSpace(string(b))
	if key == "" {
		return "", usagef("standard input has no key")
	}
	return key, nil
}

// explain adds to an error of the app which setting to change.
func (a app) explain(err error) error {
	var e *handler.Error
	if !errors.As(err, &e) || e.Status != http.StatusUnauthorized {
		return err
	}
	if a.from == "" {
		return fmt.Errorf("the function key is missing: set PBIREFRESH_KEY, pass --key-stdin, or store it with pbirefresh profile set (%w)", err)
	}
	return fmt.Errorf("%w; the function key is from: %s", err, a.from)
}

// transport adds a token and headers to requests to the app, and to no others.
type transport struct {
	base       string
	header     http.Header // of POSTs
	credential azcore.TokenCredential
	scope      string
	next       http.RoundTripper
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.String(), t.base+"/") {
		return t.next.RoundTrip(r)
	}
	r = r.Clone(r.Context())
	if r.Method == http.MethodPost {
		for name, values := range t.header {
			r.Header[name] = values
		}
	}
	if t.credential != nil {
		token, err := t.credential.GetToken(r.Context(), policy.TokenRequestOptions{Scopes: []string{t.scope}})
		if err != nil {
			return nil, codedError{signInFirst(err), exitError} // not that of an app that does not answer
		}
		r.Header.Set("Authorization", "Bearer "+token.Token)
	}
	return t.next.RoundTrip(r)
}

func isURL(s string) bool { return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") }
