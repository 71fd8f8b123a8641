package tsql

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// service answers "code body" in order; the last repeats. "!" is no answer.
type service struct {
	answers []string
	header  http.Header
	seen    []string
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	line := r.Method + " " + r.URL.String()
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		line += " " + name + ":" + r.Header.Get(name)
	}
	s.seen = append(s.seen, strings.TrimSpace(line+" "+string(body)))
	code, text, _ := strings.Cut(s.answers[0], " ")
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	if code == "!" {
		return nil, errors.New("no answer")
	}
	status := map[string]int{"200": 200, "202": 202, "204": 204, "302": 302, "409": 409}[code]
	return &http.Response{StatusCode: status, Header: s.header, Body: io.NopCloser(strings.NewReader(text))}, nil
}

// play runs a script and returns what it threw.
func play(t *testing.T, script string, answers ...string) (string, []string) {
	t.Helper()
	s := &service{answers: answers, header: http.Header{"Location": {"https://x"}, "Lost": {"a~b"}}}
	d := &Database{Client: &http.Client{Transport: s}, Scale: 1}
	err := d.Run(t.Context(), script)
	if err == nil {
		return "", s.seen
	}
	return err.Error(), s.seen
}

// say throws the value of an expression.
func say(expression string) string {
	return `DECLARE @t nvarchar(max) = ` + expression + `; SET @t = CONCAT('[', @t, ']'); THROW 50000, @t, 1;`
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`N'it''s'`: "[it's]", `CONCAT('a', NULL, 1 + 2 - 4)`: "[a-1]", `COALESCE(NULL, 'x')`: "[x]", `ISNULL(NULL, 'x')`: "[x]", `ISNULL('y', 'x')`: "[y]",
		`LEFT('abc', 2)`: "[ab]", `LEFT(NULL, 2)`: "[]", `JSON_VALUE('{"a":{"b":202}}', '$.a.b')`: "[202]", `JSON_VALUE('{}', '$.a.b')`: "[]",
		`JSON_VALUE('{"a":{}}', '$.a')`: "[]", `COALESCE(JSON_VALUE('{}', '$.a'), CONCAT('c', 5))`: "[c5]",
		`'' + 1`: "conversion failed", `JSON_VALUE('', '$.a')`: "not properly formatted", `@nothing`: "must declare", `NULL + 1`: "[]",
		`COALESCE('sales', NEWID())`: "conversion failed", // the types have an order
		`UPPER('x')`:                 "no function UPPER", `(1)`: "no expression",
	} {
		if got, _ := play(t, say(expression)); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", expression, got, want)
		}
	}
}

func TestStatements(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		`DECLARE @n int = 0, @m nvarchar(9); WHILE @n < 3 BEGIN SET @n = @n + 1; END; SET @m = @n; THROW 50000, @m, 1;`:                                "3",
		`IF 1 = 2 OR 2 >= 2 THROW 50000, 'yes', 1; ELSE THROW 50000, 'no', 1;`:                                                                         "yes",
		`IF 1 <> 1 THROW 50000, 'yes', 1 ELSE IF NULL = NULL THROW 50000, 'unknown', 1 ELSE THROW 50000, 'no', 1`:                                      "no",
		`DECLARE @a int; IF @a IS NULL THROW 50000, 'null', 1;`:                                                                                        "null",
		`BEGIN TRY THROW 50000, 'first', 1; END TRY BEGIN CATCH DECLARE @m nvarchar(9) = CONCAT('2', ERROR_MESSAGE()); THROW 50000, @m, 1; END CATCH;`: "2first",
		`SET NOCOUNT ON; WHILE 1 = 1 BEGIN RETURN 0; END; THROW 50000, 'not reached', 1;`:                                                              "",
		`/* comment
		 */ DECLARE @i uniqueidentifier = 'x';`: "uniqueidentifier",
		`DECLARE @i uniqueidentifier = '7e4a0000-51b1-4d00-8000-00000000000a'; THROW 50000, @i, 1;`: "7E4A0000-51B1-4D00-8000-00000000000A",
		`DECLARE @i int; DECLARE @i int;`: "already been declared",
		`DECLARE @i money = 1;`:           "type MONEY",
		`SET @i = 1;`:                     "must declare",
		`WAITFOR DELAY 'soon';`:           "time syntax",
		`SELECT 1;`:                       "begins no statement",
		`IF 1 = 1 BEGIN`:                  "END is missing",
		`END`:                             "unexpected",
		`#`:                               "line 1: cannot read",
		"\n\nSET x = 1":                   "line 3",
		`EXEC dbo.nothing;`:               "could not find stored procedure DBO.NOTHING",
		`CREATE DATABASE SCOPED CREDENTIAL [https://x] WITH IDENTITY = 'Managed Identity', SECRET = '{}'`: "not known here",
	} {
		if got, _ := play(t, script); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
	}
}

func TestProcedures(t *testing.T) {
	t.Parallel()
	const define = "CREATE OR ALTER PROCEDURE dbo.p @a int, @b nvarchar(9) = 'd' AS BEGIN DECLARE @m nvarchar(9) = CONCAT(@a, @b); THROW 50000, @m, 1; END;\nGO\n"
	for call, want := range map[string]string{
		`EXEC dbo.p @a = 1;`: "1d", `EXEC dbo.p @a = 1, @b = 'x'`: "1x", `EXEC dbo.p @b = 'x'`: "expects parameter @a", `EXEC dbo.p @a = 1, @c = 2`: "too many", `EXEC dbo.p @a = 'x'`: "conversion failed",
	} {
		if got, _ := play(t, define+call); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", call, got, want)
		}
	}
}

func TestWaitFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if got, _ := play(t, `DECLARE @d char(8) = '00:01:05'; WAITFOR DELAY @d;`); got != "" || time.Since(began) != 65*time.Second {
			t.Errorf("%s after %v", got, time.Since(began))
		}
	})
}

// call is a script that calls the procedure and throws the response.
func call(args string) string {
	return `CREATE DATABASE SCOPED CREDENTIAL [https://app.azurewebsites.net/api] WITH IDENTITY = 'HTTPEndpointHeaders', SECRET = '{"x-functions-key":"k"}';
GO
DECLARE @r nvarchar(max);
EXEC sys.sp_invoke_external_rest_endpoint ` + args + `, @response = @r OUTPUT;
THROW 50000, @r, 1;`
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	const url = `@url = N'https://app.azurewebsites.net/api/refreshes'`
	got, seen := play(t, call(url+`, @headers = '{"K":"v"}', @payload = '{"a":1}', @timeout = 230, @credential = [https://app.azurewebsites.net/api]`), `202 {"id":"7"}`)
	if want := `{"response":{"headers":{"Location":"https://x"},"status":{"http":{"code":202,"description":"Accepted"}}},"result":{"id":"7"}}`; got != want {
		t.Errorf("%s", got)
	}
	if want := `POST https://app.azurewebsites.net/api/refreshes Accept:application/json Content-Type:application/json; charset=utf-8 K:v X-Functions-Key:k {"a":1}`; !slices.Equal(seen, []string{want}) {
		t.Errorf("%q", seen)
	}
	if got, _ := play(t, call(url), "204"); strings.Contains(got, "result") || !strings.Contains(got, `"code":204`) {
		t.Errorf("%s", got)
	}
	if got, _ := play(t, call(url), "302 {}"); !strings.Contains(got, `"code":302`) {
		t.Errorf("a redirect was followed: %s", got)
	}
}

func TestEndpointRefuses(t *testing.T) {
	t.Parallel()
	const url = `@url = N'https://app.azurewebsites.net/api/refreshes'`
	for args, want := range map[string]string{
		`@url = N'http://app.azurewebsites.net/'`: "https",
		`@url = N'https://app.example.com/'`:      "app.example.com are not allowed",
		`@url = N'https://azurewebsites.net/'`:    "not allowed",
		url + `, @timeout = 0`:                    "1 to 230",
		url + `, @timeout = 231`:                  "1 to 230",
		url + `, @verb = 'GET'`:                   "@verb is not a parameter",
		url + `, @headers = 'a: b'`:               "flat JSON",
		url + `, @credential = [https://other]`:   "cannot find",
		`@url = N'https://app.azurewebsites.net/apix', @credential = [https://app.azurewebsites.net/api]`:  "is not for that URL",
		`@url = N'https://app.azurewebsites.net/API/x', @credential = [https://app.azurewebsites.net/api]`: "is not for that URL",
	} {
		if got, seen := play(t, call(args), "200 {}"); !strings.Contains(got, want) || len(seen) > 0 {
			t.Errorf("%s: %s", args, got)
		}
	}
	for answer, want := range map[string]string{"!": "error occurred while invoking", "200 text": "not JSON"} {
		if got, _ := play(t, call(url), answer); !strings.Contains(got, want) {
			t.Errorf("%s: %s", answer, got)
		}
	}
}
