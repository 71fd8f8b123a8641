package access

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"pbirefresh/internal/foreign"
	"pbirefresh/internal/guid"
	"pbirefresh/internal/httpjson"
)

// Principal is a caller whom Easy Auth has authenticated. Ids are in lower case.
type Principal struct {
	Provider string // aad: Entra ID
	TenantID string
	ObjectID string // of the user, service principal or managed identity
	AppID    string // of the application that asked for the token
	Name     string // for people; anybody may have chosen it
	Roles    []string
}

// Bounds of what the platform may send: claims of a person with hundreds of groups fit.
const (
	maxPrincipal = 48 << 10
	maxClaims    = 1000
	maxRoles     = 100
	maxName      = 200
)

var errPrincipal = errors.New("access: the header X-MS-CLIENT-PRINCIPAL is not what App Service authentication sends")

// clientPrincipal is documented: "Work with user identities in Azure App Service
// authentication", decoding the client principal header.
type clientPrincipal struct {
	Provider, NameType, RoleType string // auth_typ, name_typ, role_typ
	Claims                       []claim
}

type claim struct{ Type, Value string } // typ, val

// entra is the only provider whose ids count (its name is documented with the sign-in
// paths, /.auth/login/aad; in the header: seen). An app may accept others besides, and
// what they call oid is whatever their users could put there.
const entra = "aad"

// The names of claims: the platform's mapping gives some of them long ones
// (documented as "a default claims-mapping process"; the names themselves seen).
const (
	longObjectID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
	longTenantID = "http://schemas.microsoft.com/identity/claims/tenantid"
	longRole     = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
)

// parsePrincipal reads the header's value. A value that is not exactly of the documented
// form is refused as a whole: half a principal could be another person.
func parsePrincipal(header string) (Principal, error) {
	if len(header) > maxPrincipal {
		return Principal{}, errPrincipal
	}
	raw, err := base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(header, "="))
	if err != nil || strings.ContainsAny(header, "\r\n") || !utf8.Valid(raw) {
		return Principal{}, errPrincipal
	}
	v, err := httpjson.Parse(raw, 8) // refuses a member that is there twice
	if err != nil {
		return Principal{}, errPrincipal
	}
	c, ok := readPrincipal(v)
	if !ok {
		return Principal{}, errPrincipal
	}
	return c.principal()
}

// readPrincipal reads the members that count. A text that is empty, or a member whose name
// differs from one of them in case only, is refused: another reader could take it for another person.
func readPrincipal(v httpjson.Value) (c clientPrincipal, ok bool) {
	if v.Type() != httpjson.Object || !exact(v, "auth_typ", "name_typ", "role_typ", "claims") {
		return c, false
	}
	for name, to := range map[string]*string{"auth_typ": &c.Provider, "name_typ": &c.NameType, "role_typ": &c.RoleType} {
		if m := v.Member(name); !m.Missing() {
			if *to, ok = m.Text(); !ok || *to == "" {
				return c, false
			}
		}
	}
	claims := v.Member("claims")
	if claims.Type() != httpjson.Array || claims.Len() > maxClaims {
		return c, false
	}
	for item := range claims.Items() {
		typ, named := item.Member("typ").Text()
		value, valued := item.Member("val").Text()
		if !named || !valued || typ == "" || !exact(item, "typ", "val") {
			return c, false
		}
		c.Claims = append(c.Claims, claim{typ, value})
	}
	return c, true
}

// exact reports whether no member of an object is one of the names in another case.
func exact(v httpjson.Value, names ...string) bool {
	for m := range v.Members() {
		for _, name := range names {
			if m.Name != name && strings.EqualFold(m.Name, name) {
				return false
			}
		}
	}
	return true
}

func (c clientPrincipal) principal() (Principal, error) {
	p := Principal{Provider: c.Provider}
	var objects, tenants, apps, names []string
	for _, claim := range c.Claims {
		switch claim.Type {
		case "oid", longObjectID:
			objects = append(objects, strings.ToLower(claim.Value))
		case "tid", longTenantID:
			tenants = append(tenants, strings.ToLower(claim.Value))
		case "appid", "azp":
			apps = append(apps, strings.ToLower(claim.Value))
		}
		if claim.Type == "roles" || claim.Type == longRole || claim.Type == c.RoleType {
			p.Roles = append(p.Roles, claim.Value)
		}
		if claim.Type == "preferred_username" || claim.Type == c.NameType {
			names = append(names, claim.Value)
		}
	}
	var good [3]bool
	p.ObjectID, good[0] = only(objects)
	p.TenantID, good[1] = only(tenants)
	p.AppID, good[2] = only(apps)
	if good != [3]bool{true, true, true} || p.ObjectID == "" && p.AppID == "" || len(p.Roles) > maxRoles || p.Provider != entra {
		return Principal{}, errPrincipal
	}
	if len(names) > 0 {
		p.Name = printable(names[0])
	}
	return p, nil
}

// only returns the one id of a kind, which may be there several times. Two different ids,
// or one that is no GUID, are refused.
func only(ids []string) (string, bool) {
	slices.Sort(ids)
	switch ids = slices.Compact(ids); len(ids) {
	case 0:
		return "", true
	case 1:
		return ids[0], guid.Valid(ids[0])
	default:
		return "", false
	}
}

// printable makes a name fit for records: short, and without control characters.
func printable(s string) string {
	s = foreign.Printable(s)
	if r := []rune(s); len(r) > maxName {
		return string(r[:maxName])
	}
	return s
}
