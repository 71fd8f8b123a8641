package keyvault

import (
	"context"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// maxPages bounds the listing of a secret's versions; a page has 25 (documented: Get
// Secret Versions).
const maxPages = 8

// newest returns the newest version that is enabled. Get Secret without a version
// answers with the latest one, and fails if that is disabled.
func (v *vault) newest(ctx context.Context) (secret, error) {
	s, err := v.get(ctx, "")
	if !hasCode(err, CodeSecretDisabled) {
		return s, err
	}
	version, listErr := v.usable(ctx, "")
	if listErr != nil || version == "" {
		return secret{}, err // that the latest is disabled is the better message
	}
	return v.get(ctx, version)
}

// before returns the newest enabled version that is older than the given one, or
// an error if there is none.
func (v *vault) before(ctx context.Context, version string) (secret, error) {
	older, err := v.usable(ctx, version)
	if err != nil {
		return secret{}, err
	}
	if older == "" {
		return secret{}, &Error{Code: CodeSecretNotFound, Message: "secret " + v.name + " in " + v.url + " has no older version that is enabled"}
	}
	return v.get(ctx, older)
}

// usable returns the name of the newest version that is enabled and valid now. If a version
// is given, the result is older than that.
func (v *vault) usable(ctx context.Context, than string) (string, error) {
	all, err := v.versions(ctx)
	if err != nil {
		return "", err
	}
	slices.SortFunc(all, func(a, b version) int { return b.created.Compare(a.created) })
	if i := slices.IndexFunc(all, func(a version) bool { return a.name == than }); than != "" {
		all = all[i+1:] // all of them, if it is not listed
	}
	for _, a := range all {
		if a.usable {
			return a.name, nil
		}
	}
	return "", nil
}

// version is one row of a secret's versions.
type version struct {
	name    string
	created time.Time
	usable  bool
}

// versions needs the data action secrets/readMetadata, which Key Vault Secrets User
// has (documented: Azure built-in roles).
func (v *vault) versions(ctx context.Context) ([]version, error) {
	var all []version
	pager := v.client.NewListSecretPropertiesVersionsPager(v.name, nil)
	for page := 0; pager.More() && page < maxPages; page++ {
		p, err := pager.NextPage(ctx)
		if err != nil {
			return nil, v.failed(ctx, err)
		}
		for _, row := range p.Value {
			if row != nil && row.ID != nil && row.Attributes != nil {
				all = append(all, versionOf(row.ID.Version(), *row.Attributes, time.Now()))
			}
		}
	}
	return all, nil
}

func versionOf(name string, a azsecrets.SecretAttributes, now time.Time) version {
	v := version{name: name, usable: a.Enabled == nil || *a.Enabled}
	if a.Created != nil {
		v.created = *a.Created
	}
	if a.Expires != nil && now.After(*a.Expires) || a.NotBefore != nil && now.Before(*a.NotBefore) {
		v.usable = false
	}
	return v
}
