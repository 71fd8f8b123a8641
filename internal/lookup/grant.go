package lookup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"pbirefresh/internal/guid"
	"pbirefresh/powerbi"
)

// Grant is a role for a principal in a workspace.
type Grant struct {
	WorkspaceID string
	Principal   string // object id of a service principal or group; sign-in name of a user
	Role        string // Contributor and so on; empty: Contributor
	Kind        string // App, Group or User; empty: App
	Yes         bool   // do not ask
}

// errDeclined: the person did not say yes, and nothing was changed.
var errDeclined = errors.New("nothing was changed")

var (
	roles = []string{"Viewer", "Contributor", "Member", "Admin"}
	kinds = []string{"App", "Group", "User"}
)

// Complete checks a grant and fills in what is empty.
func (g Grant) Complete() (Grant, error) {
	var ok bool
	if !guid.Valid(g.WorkspaceID) {
		return g, fmt.Errorf("the workspace %.60q is not a GUID: pbirefresh workspaces lists them", g.WorkspaceID)
	}
	if g.Role, ok = word(g.Role, "Contributor", roles); !ok {
		return g, fmt.Errorf("the role must be %s", strings.Join(roles, ", "))
	}
	if g.Kind, ok = word(g.Kind, "App", kinds); !ok {
		return g, fmt.Errorf("the type must be %s", strings.Join(kinds, ", "))
	}
	if g.Kind != "User" && !guid.Valid(g.Principal) {
		return g, fmt.Errorf("the principal %.60q is not a GUID: it is the object id of the service principal (az ad sp show --id <application id> --query id), not the application id", g.Principal)
	}
	if g.Kind == "User" && !strings.Contains(g.Principal, "@") {
		return g, fmt.Errorf("the principal %.60q is no sign-in name such as ada@example.com", g.Principal)
	}
	return g, nil
}

// word finds a word in any case.
func word(text, otherwise string, words []string) (string, bool) {
	if text == "" {
		return otherwise, true
	}
	i := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, text) })
	if i < 0 {
		return text, false
	}
	return words[i], true
}

// Run shows what it is about to do, asks, and does it.
func (g Grant) Run(ctx context.Context, c *powerbi.Client, in io.Reader, out io.Writer) error {
	g, err := g.Complete()
	if err != nil {
		return err
	}
	workspace, err := c.Workspace(ctx, g.WorkspaceID)
	if err != nil {
		return err
	}
	users, err := c.ListUsers(ctx, g.WorkspaceID)
	if err != nil {
		return err
	}
	has := ""
	for _, u := range users {
		if strings.EqualFold(u.Identifier, g.Principal) {
			has = u.Right
		}
	}
	if strings.EqualFold(has, g.Role) {
		fmt.Fprintf(out, "%s is %s of %q already\n", g.Principal, g.Role, printable(workspace.Name))
		return nil
	}
	if !g.confirmed(workspace, has, in, out) {
		return errDeclined
	}
	if err := c.SetRole(ctx, g.WorkspaceID, powerbi.User{Identifier: g.Principal, Right: g.Role, Kind: g.Kind}, has != ""); err != nil {
		return fmt.Errorf("the role was not granted: the person who is signed in must be Admin of %q, and %s must be an object id of the tenant: %w", printable(workspace.Name), g.Principal, err)
	}
	fmt.Fprintf(out, "%s is %s of %q; it may take some minutes until the role is in force\n", g.Principal, g.Role, printable(workspace.Name))
	return nil
}

func (g Grant) confirmed(w powerbi.Workspace, has string, in io.Reader, out io.Writer) bool {
	now := "It has no role of its own there now."
	if has != "" {
		now = "It is " + printable(has) + " there now."
	}
	fmt.Fprintf(out, "Give the %s %s the role %s in the workspace %q (%s)? %s\n", strings.ToLower(g.Kind), g.Principal, g.Role, printable(w.Name), g.WorkspaceID, now)
	if g.Yes {
		return true
	}
	fmt.Fprint(out, "Type yes: ")
	answer, err := bufio.NewReader(in).ReadString('\n') // no answer is no
	if err != nil {
		fmt.Fprintln(out) // the line of the question ends
	}
	return strings.EqualFold(strings.TrimSpace(answer), "yes")
}
