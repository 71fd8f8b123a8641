package powerbi

import (
	"strings"
	"testing"
)

const (
	// seen: migueesc123/PowerBIRESTAPI#184 and #140, inside "Data source error:"
	gatewayMashup  = `Data source error: {"error":{"code":"DM_GWPipeline_Gateway_MashupDataAccessError","pbi.error":{"code":"DM_GWPipeline_Gateway_MashupDataAccessError","parameters":{},"details":[{"code":"DM_ErrorDetailNameCode_UnderlyingErrorCode","detail":{"type":1,"value":"-2147467259"}},{"code":"DM_ErrorDetailNameCode_UnderlyingErrorMessage","detail":{"type":1,"value":"The key didn't match any rows in the table."}}],"exceptionCulprit":1}}} Table: Sales.`
	gatewayTimeout = `Data source error: {"error":{"code":"DM_GWPipeline_Gateway_TimeoutError","pbi.error":{"code":"DM_GWPipeline_Gateway_TimeoutError","parameters":{},"details":[],"exceptionCulprit":1}}}`
	transientText  = `The last refresh attempt failed because of an internal service error. This is usually a transient issue. If you try again later and see this message again, contact support.`
)

func serviceException(code, description string) string {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(description)
	return `{"errorCode":"` + code + `","errorDescription":"` + quoted + `"}`
}

func TestParseFailure(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in  string
		class     FailureClass
		transient bool
		code      string
		message   string // part of it
	}{
		// documented: the history's failed sample
		{"credentials", `{"errorCode":"ModelRefreshFailed_CredentialsNotSpecified"}`, FailCredentials, false, "ModelRefreshFailed_CredentialsNotSpecified", ""},
		// documented: the detail's failed sample; the second line is only a consequence
		{"engine lines", serviceException(short, "0xC112001C: Expression.Error: Forced Error. . The exception was raised by the IDbCommand interface.\n0xC11C0006: The current operation was cancelled because another operation in the transaction failed.\n"),
			FailSource, false, short, "Forced Error"},
		{"code alone", `{"errorCode":"` + short + `"}`, FailUnknown, false, short, ""},
		{"gateway with the source's fault", serviceException(short, gatewayMashup), FailSource, false, "DM_GWPipeline_Gateway_MashupDataAccessError", "key didn't match"},
		{"gateway time-out", serviceException(short, gatewayTimeout), FailTimeout, true, "DM_GWPipeline_Gateway_TimeoutError", ""},
		{"gateway not nested", gatewayTimeout, FailTimeout, true, "DM_GWPipeline_Gateway_TimeoutError", ""},
		{"gateway down", `{"errorCode":"DM_GWPipeline_Client_GatewayUnreachable"}`, FailGateway, true, "DM_GWPipeline_Client_GatewayUnreachable", ""},
		{"gateway, other", `{"errorCode":"DM_GWPipeline_Gateway_SpooledOperationMissing"}`, FailGateway, true, "DM_GWPipeline_Gateway_SpooledOperationMissing", ""},
		// documented: the article on the enhanced refresh
		{"evicted", serviceException(short, "0xC11C0020: The model was evicted"), FailEvicted, true, short, ""},
		// documented: "Troubleshoot refresh scenarios"
		{"capacity", serviceException(short, "You've exceeded the capacity limit for semantic model refreshes. Try again when fewer semantic models are being processed."), FailCapacity, true, short, ""},
		{"capacity, older", "You've exceeded the capacity limit for dataset refreshes. Try again when fewer datasets are being processed", FailCapacity, true, "", "exceeded"},
		{"capacity level", "Capacity level limit exceeded.", FailCapacity, true, "", ""},
		{"node level", "Node level limit exceeded.", FailCapacity, true, "", ""},
		// seen: microsoft/coe-starter-kit#2784 and #5294, Purview MPARR#81
		{"wrapper over a missing column", serviceException(short, transientText+"\nThe 'Owner' column does not exist in the rowset."), FailModel, false, short, "does not exist in the rowset"},
		{"wrapper over a missing key", serviceException(short, transientText+" "+"\nExpression.Error: The key didn't match any rows in the table."), FailSource, false, short, "key didn't match"},
		{"wrapper over a bad date", serviceException(short, transientText+"\nNot a legal OleAut date."), FailSource, false, short, "OleAut"},
		{"wrapper over gateway JSON", serviceException(short, transientText+"\n"+gatewayMashup), FailSource, false, "DM_GWPipeline_Gateway_MashupDataAccessError", "key didn't match"},
		{"wrapper alone", serviceException("InternalServiceError", transientText), FailInternal, true, "InternalServiceError", "transient"},
		{"wrapper over something new", serviceException(short, transientText+"\nThe flux is out of phase."), FailUnknown, false, short, "flux"},
		// unverified wordings of the engine and of drivers
		{"memory", "Resource Governing: This operation was canceled because there wasn't enough memory to finish running it.", FailMemory, false, "", ""},
		{"throttled", "The operation was throttled by the Power BI Premium service.", FailThrottled, true, "", ""},
		{"login", "Microsoft SQL: Login failed for user 'x'.", FailCredentials, false, "", ""},
		{"deadlock", "Microsoft SQL: Transaction was deadlocked, deadlock victim", FailSource, true, "", ""},
		{"query time-out", "Microsoft SQL: Execution Timeout Expired.", FailTimeout, true, "", ""},
		{"source", "OLE DB or ODBC error: [DataSource.Error] File not found", FailSource, false, "", ""},
		{"duplicate", "Column 'Id' in Table 'T' contains a duplicate value '7'", FailModel, false, "", ""},
		{"duplicate on the one side", "0xC11C0001: A duplicate value was found for a column on the one side of a relationship.", FailModel, false, "", ""},
		{"source away", strings.Replace(gatewayMashup, "The key didn't match any rows in the table.", "The data source could not be reached.", 1), FailSource, true, "DM_GWPipeline_Gateway_MashupDataAccessError", "could not be reached"},
		{"object instead of string", `{"error":{"code":"X","message":"Login failed"}}`, FailCredentials, false, "X", "Login failed"},
		{"details with messages", `{"details":[{"message":"first"},{"message":"Out of memory"}]}`, FailMemory, false, "", "first Out of memory"},
		{"empty", "", FailUnknown, false, "", ""},
		{"no JSON", "{broken", FailUnknown, false, "", "{broken"},
		{"braces before JSON", `M {x} failed {"error":{"code":"C1","message":"Login failed"}}`, FailCredentials, false, "C1", "M {x} failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := ParseFailure(tt.in)
			if f.Class != tt.class || f.Transient != tt.transient || f.Code != tt.code || !strings.Contains(f.Message, tt.message) {
				t.Errorf("got %+v", f)
			}
			if f.Cause == "" || f.Remedy == "" {
				t.Errorf("without cause or remedy: %+v", f)
			}
		})
	}
}

// TestConsequencesAreLeftOut: they hide the reason, and "cancelled" misleads.
func TestConsequencesAreLeftOut(t *testing.T) {
	t.Parallel()
	got := ParseFailure(serviceException("X", "0xC11C0006: The current operation was cancelled because another operation in the transaction failed.\nLogin failed."))
	if got.Message != "Login failed." {
		t.Errorf("message %q", got.Message)
	}
}

func TestFailureOf(t *testing.T) {
	t.Parallel()
	capacity := text("Capacity level limit exceeded.")
	login := text("Login failed for user")
	for _, tt := range []struct {
		name   string
		status Status
		row    wireRow
		class  FailureClass // "": no failure
	}{
		{"completed after a failed attempt", StatusCompleted, wireRow{Attempts: list[wireAttempt]{{ServiceExceptionJSON: login}}}, ""},
		{"in progress after a failed attempt", StatusInProgress, wireRow{Attempts: list[wireAttempt]{{ServiceExceptionJSON: login}}}, ""},
		{"unknown word", "Paused", wireRow{ServiceExceptionJSON: login}, ""},
		{"the last attempt ended it", StatusFailed, wireRow{Attempts: list[wireAttempt]{{ServiceExceptionJSON: capacity}, {ServiceExceptionJSON: login}, {}}}, FailCredentials},
		{"a message tells most", StatusFailed, wireRow{Messages: list[wireMessage]{{Message: login}}, Attempts: list[wireAttempt]{{ServiceExceptionJSON: capacity}}}, FailCredentials},
		{"a warning does not", StatusFailed, wireRow{Messages: list[wireMessage]{{Message: login, Type: "Warning"}}, ServiceExceptionJSON: capacity}, FailCapacity},
		{"a code in a message", StatusFailed, wireRow{Messages: list[wireMessage]{{Code: "0xC11C0020", Message: "gone"}}}, FailEvicted},
		{"internal only if nothing is better", StatusFailed, wireRow{Messages: list[wireMessage]{{Message: transientText}}, ServiceExceptionJSON: login}, FailCredentials},
		{"internal before unknown", StatusFailed, wireRow{Messages: list[wireMessage]{{Message: "odd"}}, ServiceExceptionJSON: transientText}, FailInternal},
		{"no reason", StatusFailed, wireRow{}, FailUnknown},
		{"cancelled", StatusCancelled, wireRow{ServiceExceptionJSON: login}, FailCancelled},
		{"timed out", StatusTimedOut, wireRow{}, FailTimeout},
		{"disabled", StatusDisabled, wireRow{}, FailModel},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := failureOf(tt.status, tt.row)
			if (f == nil) != (tt.class == "") || (f != nil && f.Class != tt.class) {
				t.Errorf("got %+v, want %q", f, tt.class)
			}
		})
	}
	if f := failureOf(StatusCancelled, wireRow{ServiceExceptionJSON: login}); !strings.Contains(f.Message, "Login failed") || f.Transient {
		t.Errorf("a cancelled refresh lost Power BI's words: %+v", f)
	}
}

func FuzzParseFailure(f *testing.F) {
	for _, s := range []string{
		`{"errorCode":"ModelRefreshFailed_CredentialsNotSpecified"}`, gatewayMashup, gatewayTimeout, transientText,
		serviceException("X", transientText+"\n"+gatewayMashup), strings.Repeat("{", 50), strings.Repeat(`{"error":`, 50), `{"value":"{\"value\":\"{}\"}"}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := ParseFailure(s)
		if got.Class == "" || got.Cause == "" || got.Remedy == "" {
			t.Errorf("%q: %+v", s, got)
		}
		if strings.ContainsAny(got.Message+got.Code, "\n\r\x1b") || len([]rune(got.Message)) > maxMessage+3 {
			t.Errorf("%q: unfit for a log: %+v", s, got)
		}
		if again := ParseFailure(s); again != got {
			t.Errorf("%q: once %+v, once %+v", s, got, again)
		}
	})
}
