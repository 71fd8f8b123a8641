package lookup

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"pbirefresh/internal/foreign"
	"pbirefresh/powerbi"
)

// Show is how results are printed.
type Show struct {
	Out  io.Writer
	JSON bool
}

// Workspaces prints the workspaces in which the person has a role.
func Workspaces(ctx context.Context, c *powerbi.Client, s Show) error {
	list, err := c.ListWorkspaces(ctx)
	if err != nil {
		return err
	}
	rows := [][]string{}
	for _, w := range list {
		capacity := "shared"
		if w.OnDedicatedCapacity {
			capacity = w.CapacityID
		}
		rows = append(rows, []string{w.ID, w.Name, capacity})
	}
	return s.table([]string{"id", "name", "capacity"}, rows)
}

// Models prints the models of a workspace.
func Models(ctx context.Context, c *powerbi.Client, workspaceID string, s Show) error {
	list, err := c.ListModels(ctx, workspaceID)
	if err != nil {
		return err
	}
	rows := [][]string{}
	for _, m := range list {
		rows = append(rows, []string{m.ID, m.Name, m.Owner, m.StorageMode})
	}
	return s.table([]string{"id", "name", "owner", "storageMode"}, rows)
}

// Users prints who has which role in a workspace.
func Users(ctx context.Context, c *powerbi.Client, workspaceID string, s Show) error {
	list, err := c.ListUsers(ctx, workspaceID)
	if err != nil {
		return err
	}
	rows := [][]string{}
	for _, u := range list {
		rows = append(rows, []string{u.Identifier, u.Name, u.Kind, u.Right})
	}
	return s.table([]string{"identifier", "name", "type", "role"}, rows)
}

// table prints rows in columns, or as a JSON array of objects.
func (s Show) table(names []string, rows [][]string) error {
	if s.JSON {
		return s.objects(names, rows)
	}
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ToUpper(strings.Join(names, "\t")))
	for _, row := range rows {
		for i := range row {
			row[i] = printable(row[i])
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

func (s Show) objects(names []string, rows [][]string) error {
	list := []map[string]string{}
	for _, row := range rows {
		object := map[string]string{}
		for i, name := range names {
			object[name] = row[i]
		}
		list = append(list, object)
	}
	e := json.NewEncoder(s.Out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(list)
}

// printable keeps control characters of foreign names from a terminal.
func printable(text string) string {
	if text == "" {
		return "-"
	}
	return foreign.Printable(text)
}
