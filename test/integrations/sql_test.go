package integrations

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"pbirefresh/local/sim"
	"pbirefresh/test/callers/tsql"
)

// database is an Azure SQL database with the file run in it.
func database(t *testing.T, a *app) *tsql.Database {
	t.Helper()
	d := &tsql.Database{Client: &http.Client{Transport: cloud{a}}, Scale: 0.01}
	script := strings.ReplaceAll(string(file(t, "sql/refresh.sql")), "YOUR-FUNCTION-KEY", a.host.FunctionKey())
	if err := d.Run(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	return d
}

func execute(t *testing.T, d *tsql.Database, ref sim.Ref) error {
	t.Helper()
	return d.Run(patience(t), "EXEC dbo.refresh_model @workspaceId = '"+ref.Workspace+"', @datasetId = '"+ref.Model+"', @idempotencyKey = 'nightly-"+ref.Model+"';")
}

// thrown is the text of what the procedure threw, and no other error.
func thrown(err error) string {
	var e *tsql.Error
	if !errors.As(err, &e) || e.Number != 50001 {
		return ""
	}
	return e.Message
}

func TestSQL(t *testing.T) {
	t.Parallel()
	a := startApp(t, azure)
	t.Run("succeeds", func(t *testing.T) {
		t.Parallel()
		ref := a.model(t, sim.Knobs{})
		if err := execute(t, database(t, a), ref); err != nil {
			t.Error(err)
		}
		a.once(t, ref)
	})
	t.Run("fails", func(t *testing.T) {
		t.Parallel()
		ref := a.failing(t)
		if got := thrown(execute(t, database(t, a), ref)); !strings.Contains(got, reason) || !strings.Contains(strings.ToLower(got), ref.Model) {
			t.Errorf("thrown: %s", got)
		}
		a.once(t, ref)
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		d := &tsql.Database{Client: &http.Client{Transport: cloud{a}}, Scale: 0.01}
		if err := d.Run(t.Context(), strings.ReplaceAll(string(file(t, "sql/refresh.sql")), "YOUR-FUNCTION-KEY", "wrong")); err != nil {
			t.Fatal(err)
		}
		if got := thrown(execute(t, d, a.model(t, sim.Knobs{}))); !strings.Contains(got, "HTTP 401") {
			t.Errorf("thrown: %s", got)
		}
	})
}
