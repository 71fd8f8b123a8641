//go:build clients

package integrations

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// parses reports whether sqlfluff can parse a text as T-SQL.
func parses(t *testing.T, text string) (bool, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "refresh.sql")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := python(t, "sqlfluff", nil, "parse", "--dialect", "tsql", "--nocolor", path)
	return err == nil && !strings.Contains(string(out), "unparsable"), string(out)
}

// The file is T-SQL by the grammar of sqlfluff, which finds such mistakes. It takes a
// word that it does not know for a name, so not every mistake is found.
func TestSQLParses(t *testing.T) {
	t.Parallel()
	text := string(raw(t, "sql/refresh.sql"))
	if ok, out := parses(t, text); !ok {
		t.Errorf("sql/refresh.sql is no T-SQL:\n%s", out)
	}
	for name, change := range map[string][2]string{
		"a word":        {"WAITFOR DELAY @pollEvery", "WAITFOR DELAI @pollEvery"},
		"an end":        {"    END;\nEND;", "    EN;\nEND;"},
		"a parenthesis": {"N'\"}');\n    DECLARE @headers", "N'\"}';\n    DECLARE @headers"},
		"a quotation":   {"SET @code = JSON_VALUE(@response, '$", "SET @code = JSON_VALUE(@response, $"},
		"an operator":   {"@code = 0 OR @code = 429", "@code = 0 OR @code = = 429"},
		"a condition":   {"IF @code = 200", "IF @code ="},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if wrong := strings.Replace(text, change[0], change[1], 1); wrong == text {
				t.Errorf("%s is not in sql/refresh.sql", change[0])
			} else if ok, _ := parses(t, wrong); ok {
				t.Errorf("%s instead of %s is not found", change[1], change[0])
			}
		})
	}
}
