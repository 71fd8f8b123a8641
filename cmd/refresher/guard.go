package main

import (
	"errors"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"pbirefresh/access"
	"pbirefresh/handler"
)

// guard reads who may ask for what, and how often.
func (r *reader) guard() handler.Guard {
	return handler.Guard{
		Gate: access.Gate{
			// Set by App Service, read-only (documented: "Environment variables and app settings
			// in Azure App Service"); the values True and true are both seen.
			EasyAuth: strings.EqualFold(r.get("WEBSITE_AUTH_ENABLED"), "true"),
			Policy:   r.policy(),
		},
		FrontEnd: r.onPlatform(),
		// What a pipeline of hundreds of models at once does not meet; a loop without a
		// pause does.
		PerCaller: r.rate("RATE_LIMIT_CALLER", handler.Rate{Count: 6000, Per: time.Minute}),
		PerModel:  r.rate("RATE_LIMIT_MODEL", handler.Rate{Count: 3000, Per: time.Minute}),
	}
}

// policy reads the file of POLICY_FILE. Its problems are settings' problems: a policy
// that cannot be read must not be taken for none.
func (r *reader) policy() *access.Policy {
	name := r.get("POLICY_FILE")
	if name == "" {
		return nil
	}
	text, err := readFile(name)
	if err != nil {
		r.problem("POLICY_FILE is wrong: the file cannot be read: %w", err)
		return nil
	}
	p, err := access.Parse(text)
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			r.problem("POLICY_FILE is wrong: %s", strings.TrimSuffix(line, "\n"))
		}
	}
	return p
}

// readFile reads no more than a policy can be, and one byte. Its error does not repeat
// the name.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name) //nolint:gosec // the operator names it
	switch {
	case os.IsNotExist(err):
		return nil, errors.New("there is no such file; a relative path starts at the folder of host.json")
	case err != nil:
		return nil, errors.New("it cannot be opened")
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, access.MaxPolicy+1))
	if err != nil {
		return nil, errors.New("it is not a file")
	}
	return text, nil
}

var ratePattern = regexp.MustCompile(`^([0-9]{1,7})/([0-9a-z.]{2,12})$`)

// rate reads 600/1m; off is no limit.
func (r *reader) rate(name string, otherwise handler.Rate) handler.Rate {
	v := r.get(name)
	switch v {
	case "":
		return otherwise
	case "off":
		return handler.Rate{}
	}
	parts := ratePattern.FindStringSubmatch(v)
	if parts != nil {
		count, countErr := strconv.Atoi(parts[1])
		per, perErr := time.ParseDuration(parts[2])
		if countErr == nil && perErr == nil && count > 0 && per >= time.Second && per <= time.Hour {
			return handler.Rate{Count: count, Per: per}
		}
	}
	r.problem("%s is wrong: it must be how many in how long, such as %d/%s (1s to 1h), or off", name, otherwise.Count, "1m")
	return otherwise
}
