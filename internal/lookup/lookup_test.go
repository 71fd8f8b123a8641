package lookup

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"pbirefresh/local/sim"
	"pbirefresh/powerbi"
)

// admin is a person's sign-in in a simulator.
type admin struct{ *sim.Cloud }

func (a admin) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, expires, err := a.Token()
	return azcore.AccessToken{Token: token, ExpiresOn: expires}, err
}

// signedIn is a cloud whose workspace the person administers, and the client.
func signedIn(t *testing.T, role sim.Role) (*sim.Cloud, *powerbi.Client) {
	t.Helper()
	cloud := sim.NewCloud(sim.Options{})
	c, err := powerbi.NewClient(admin{cloud}, powerbi.Options{Transport: cloud.Transport(), Timeout: 10 * time.Second})
	if err == nil {
		err = cloud.PowerBI.Grant(sim.WorkspaceID, sim.ClientID, role)
	}
	if err != nil {
		t.Fatal(err)
	}
	cloud.Entra.AddApp(sim.TenantID, sim.SalesModel) // a service principal without a role
	return cloud, c
}

func TestListings(t *testing.T) {
	t.Parallel()
	cloud, c := signedIn(t, sim.RoleAdmin)
	for name, tt := range map[string]struct {
		show func(Show) error
		want []string
	}{
		"workspaces": {func(s Show) error { return Workspaces(t.Context(), c, s) }, []string{sim.WorkspaceID, "Sim (dedicated)", sim.SharedWorkspace, "shared"}},
		"models":     {func(s Show) error { return Models(t.Context(), c, sim.WorkspaceID, s) }, []string{sim.SalesModel, "Sales", "owner@sim.example", "Abf"}},
		"users":      {func(s Show) error { return Users(t.Context(), c, sim.WorkspaceID, s) }, []string{cloud.Entra.ObjectID(sim.TenantID, sim.ClientID), "App", "Admin"}},
	} {
		for _, asJSON := range []bool{false, true} {
			var out strings.Builder
			if err := tt.show(Show{&out, asJSON}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, words := range tt.want {
				if !strings.Contains(out.String(), words) || json.Valid([]byte(out.String())) != asJSON {
					t.Errorf("%s, JSON %t: got\n%s\nwant %q in it", name, asJSON, &out, words)
				}
			}
		}
	}
	if err := Models(t.Context(), c, "x", Show{Out: &strings.Builder{}}); !powerbi.HasCode(err, powerbi.CodeBadRequest) {
		t.Errorf("models of a wrong id: got %v, want BadRequest", err)
	}
}

func TestGrant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		role   sim.Role // of the person
		before sim.Role // of the principal
		grant  Grant
		answer string
		want   string // words of the output or the error
		after  string // the principal's role
	}{
		{"yes", sim.RoleAdmin, 0, Grant{}, "yes\n", "is Contributor of", "Contributor"},
		{"yes, without a line end", sim.RoleAdmin, 0, Grant{Role: "member"}, " YES", "is Member of", "Member"},
		{"no", sim.RoleAdmin, 0, Grant{}, "no\n", "nothing was changed", ""},
		{"no answer", sim.RoleAdmin, 0, Grant{}, "", "nothing was changed", ""},
		{"y is not yes", sim.RoleAdmin, 0, Grant{}, "y\n", "nothing was changed", ""},
		{"not asked", sim.RoleAdmin, 0, Grant{Yes: true}, "", "is Contributor of", "Contributor"},
		{"more than it had", sim.RoleAdmin, sim.RoleViewer, Grant{}, "yes\n", "It is Viewer there now", "Contributor"},
		{"what it has", sim.RoleAdmin, sim.RoleContributor, Grant{}, "", "already", "Contributor"},
		{"as a contributor", sim.RoleContributor, 0, Grant{}, "yes\n", "must be Admin of", ""},
		{"a role that is none", sim.RoleAdmin, 0, Grant{Role: "Owner"}, "yes\n", "the role must be", ""},
		{"a type that is none", sim.RoleAdmin, 0, Grant{Kind: "Robot"}, "yes\n", "the type must be", ""},
		{"a user without a name", sim.RoleAdmin, 0, Grant{Kind: "user"}, "yes\n", "no sign-in name", ""},
		{"a name in place of an id", sim.RoleAdmin, 0, Grant{Principal: "sp-pbirefresh"}, "yes\n", "not the application id", ""},
		{"a wrong workspace", sim.RoleAdmin, 0, Grant{WorkspaceID: "x"}, "yes\n", "pbirefresh workspaces lists them", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cloud, c := signedIn(t, tt.role)
			object := cloud.Entra.ObjectID(sim.TenantID, sim.SalesModel)
			if err := cloud.PowerBI.Grant(sim.WorkspaceID, sim.SalesModel, tt.before); err != nil {
				t.Fatal(err)
			}
			g := tt.grant
			if g.Principal == "" {
				g.Principal = object
			}
			if g.WorkspaceID == "" {
				g.WorkspaceID = sim.WorkspaceID
			}
			var out strings.Builder
			err := g.Run(t.Context(), c, strings.NewReader(tt.answer), &out)
			if err != nil {
				out.WriteString(err.Error())
			}
			if !strings.Contains(out.String(), tt.want) || errors.Is(err, errDeclined) != (tt.want == errDeclined.Error()) {
				t.Errorf("got\n%s\nwant %q", &out, tt.want)
			}
			if got := rightOf(t, c, object); got != tt.after {
				t.Errorf("the principal is %q afterwards, want %q", got, tt.after)
			}
		})
	}
}

func rightOf(t *testing.T, c *powerbi.Client, object string) string {
	t.Helper()
	users, err := c.ListUsers(t.Context(), sim.WorkspaceID)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		if u.Identifier == object {
			return u.Right
		}
	}
	return ""
}
