package powerbi

import (
	"strings"
	"testing"
)

// nested is the seen shape of a gateway's failure: the details' codes are labels.
func nested(code string, details ...string) string {
	list := make([]string, 0, len(details)/2)
	for i := 0; i < len(details); i += 2 {
		list = append(list, `{"code":"`+details[i]+`","detail":{"type":1,"value":"`+details[i+1]+`"}}`)
	}
	return `{"error":{"code":"` + code + `","pbi.error":{"code":"` + code + `","parameters":{},"details":[` + strings.Join(list, ",") + `],"exceptionCulprit":1}}}`
}

const (
	short      = "ModelRefresh_ShortMessage_ProcessingError"
	underlying = "DM_ErrorDetailNameCode_UnderlyingErrorMessage"
)

// supportDetails are details that no person has any use for.
func supportDetails(more ...string) []string {
	return append(more, "DM_ErrorDetailNameCode_UnderlyingErrorCode", "-2147467259", "DM_ErrorDetailNameCode_UnderlyingHResult", "-2147467259",
		"DM_ErrorDetailNameCode_UnderlyingNativeErrorCode", "17", "Server", "sql-eu1.example", "Database", "Shop", "ConnectionType", "Sql",
		"ClusterUriText", "https://wabi-north-europe-d-primary-redirect.example/", "ActivityIdText", "2d5a0c3e-0000-4000-8000-00000000aaaa",
		"RequestIdText", "2d5a0c3e-0000-4000-8000-00000000bbbb", "TimeText", "Mon, 02 Nov 2026 04:11:09 GMT")
}

// TestFailuresInTheWild has every class of failure that public reports show. Its rows are
// in the order of the list that they were collected in.
func TestFailuresInTheWild(t *testing.T) {
	t.Parallel()
	flat := func(code string) string { return `{"errorCode":"` + code + `"}` }
	for _, tt := range []struct {
		in        string
		class     FailureClass
		transient bool
		code      string
		remedy    string // part of it
	}{
		{flat("DMTS_MonikerWithUnboundDataSources"), FailCredentials, false, "DMTS_MonikerWithUnboundDataSources", "bind each data source"},
		{serviceException(short, nested("DMTS_MonikerWithUnboundDataSources", "Server", "x")), FailCredentials, false, "DMTS_MonikerWithUnboundDataSources", "bind"},
		{flat("DMTS_DatasourceHasNoCredentialError"), FailCredentials, false, "DMTS_DatasourceHasNoCredentialError", "owner"},
		{flat("ModelRefreshFailed_CredentialsNotSpecified"), FailCredentials, false, "ModelRefreshFailed_CredentialsNotSpecified", "owner"},
		{serviceException("Premium_ASWL_Error", "The data source has no explicit credentials."), FailCredentials, false, "Premium_ASWL_Error", "owner"},
		{flat("InvalidConnectionCredentials"), FailCredentials, false, "InvalidConnectionCredentials", "owner"},
		{flat("AccessUnauthorized"), FailCredentials, false, "AccessUnauthorized", "owner"},
		{serviceException("DMTS_OAuthTokenRefreshFailedError", "The operation timed out, and the gateway is not there."), FailCredentials, false, "DMTS_OAuthTokenRefreshFailedError", "sign in"},
		{serviceException(short, nested("DMTS_OAuthTokenRefreshFailedError", underlying, "AADSTS50173: The grant was revoked.")), FailCredentials, false, "DMTS_OAuthTokenRefreshFailedError", "revoked"},
		{serviceException("DMTS_OAuthTokenRefreshFailedError", "AADSTS50076: you must use it"), FailCredentials, false, "DMTS_OAuthTokenRefreshFailedError", "multifactor"},
		{serviceException("DMTS_OAuthTokenRefreshFailedError", "AADSTS50079: you must enroll"), FailCredentials, false, "DMTS_OAuthTokenRefreshFailedError", "multifactor"},
		{serviceException("DMTS_OAuthTokenRefreshFailedError", "AADSTS700082: inactive for 90 days"), FailCredentials, false, "DMTS_OAuthTokenRefreshFailedError", "expired"},
		{serviceException("DMTS_OAuthTokenRefreshFailedError", "AADSTS53003: blocked"), FailCredentials, false, "DMTS_OAuthTokenRefreshFailedError", "conditional access"},
		{flat("DMTS_UserNotFoundinADGraphError"), FailCredentials, false, "DMTS_UserNotFoundinADGraphError", "take the model over"},
		{serviceException(short, "Access was denied."), FailCredentials, false, short, "owner"},
		{serviceException(short, "The source tables 'a' and 'b' either do not exist or access was denied."), FailSource, false, short, "source's tables"},
		{flat("CapacityNotActive"), FailCapacity, false, "CapacityNotActive", "resume the capacity"},
		{serviceException(short, "Your capacity is currently paused."), FailCapacity, false, short, "resume the capacity"},
		{serviceException(short, "Your organization's Fabric compute capacity has exceeded its limits. Try again later."), FailCapacity, true, short, "later"},
		{flat("CapacityLimitExceeded"), FailCapacity, true, "CapacityLimitExceeded", "later"},
		{flat("ProcessingTimeOut"), FailTimeout, false, "ProcessingTimeOut", "same limit"},
		{serviceException(short, "The operation was cancelled because of timeout"), FailTimeout, false, short, "same limit"},
		{serviceException(short, "The refresh exceeded the limit of 2 hours."), FailTimeout, false, short, "same limit"},
		{serviceException(short, "The refresh ran into the 5 hour limit."), FailTimeout, false, short, "same limit"},
		{flat("ModelRefresh_ShortMessage_CancelledByUser"), FailCancelled, false, "ModelRefresh_ShortMessage_CancelledByUser", "who cancelled"},
		{flat("Gateway_Offline"), FailGateway, true, "Gateway_Offline", "online"},
		{flat("DM_GWPipeline_Client_GatewayUnreachable"), FailGateway, true, "DM_GWPipeline_Client_GatewayUnreachable", "online"},
		{serviceException(short, nested("DM_GWPipeline_Gateway_DataSourceAccessError", underlying, "Login failed for user 'x'.")), FailCredentials, false, "DM_GWPipeline_Gateway_DataSourceAccessError", "owner"},
		{serviceException(short, nested("DM_GWPipeline_Gateway_DataSourceAccessError", underlying, "The remote name could not be reached.")), FailSource, true, "DM_GWPipeline_Gateway_DataSourceAccessError", "firewall"},
		{flat("DM_GWPipeline_Gateway_DataSourceAccessError"), FailSource, false, "DM_GWPipeline_Gateway_DataSourceAccessError", ""},
		{serviceException("DM_GWPipeline_Gateway_DataSourceAccessError", nested("Example.ResourceAccessForbiddenException", underlying, "No right.")), FailSource, false, "Example.ResourceAccessForbiddenException", "right to read"},
		{serviceException(short, nested("DM_GWPipeline_Gateway_SpooledOperationMissing", underlying, "Login failed for user 'x'.")), FailCredentials, false, "DM_GWPipeline_Gateway_SpooledOperationMissing", "owner"},
		{serviceException(short, nested("DM_GWPipeline_Gateway_MashupDataAccessError", underlying, "Transaction was deadlocked.")), FailSource, true, "DM_GWPipeline_Gateway_MashupDataAccessError", "availability"},
		{serviceException(short, "A duplicate value '7' was found in the key of a relationship."), FailModel, false, short, "not unique"},
		{serviceException(short, "Resource Governing: the operation was cancelled."), FailMemory, false, short, "larger capacity"},
		{serviceException(short, "The operation needs more memory than it may have."), FailMemory, false, short, "larger capacity"},
	} {
		f := ParseFailure(tt.in)
		if f.Class != tt.class || f.Transient != tt.transient || f.Code != tt.code || !strings.Contains(f.Remedy, tt.remedy) {
			t.Errorf("%s\ngot  %+v\nwant %s, transient %v, code %s, remedy with %q", tt.in, f, tt.class, tt.transient, tt.code, tt.remedy)
		}
		if late := strings.Contains(tt.in, "do not exist or access was denied"); f.Late != late {
			t.Errorf("%s\ngot late %v, want %v", tt.in, f.Late, late)
		}
	}
}

// TestShapesOfFailures: one reason in every shape that it was seen in. The code is the
// error's and not a detail's label, and the message is the underlying one and nothing else.
func TestShapesOfFailures(t *testing.T) {
	t.Parallel()
	const code, words = "DM_GWPipeline_Gateway_MashupDataAccessError", "The key didn't match any rows in the table."
	inner := nested(code, supportDetails(underlying, words)...)
	behind := nested(code, append(supportDetails(), underlying, words)...)
	twice := serviceException("", inner)
	twice = strings.TrimSuffix(strings.TrimPrefix(twice, `{"errorCode":"","errorDescription":`), `}`)
	for name, in := range map[string]string{
		"JSON inside":            serviceException(short, inner),
		"message behind the ids": serviceException(short, behind),
		"with a prefix":          serviceException(short, "Data source error: "+inner),
		"encoded twice":          serviceException(short, twice),
		"twice with a prefix":    serviceException(short, "Data source error: "+twice),
		"with tags":              serviceException(short, strings.Replace(inner, words, "The <oii>key</oii> didn't match any rows in the <ccon>table</ccon>.", 1)),
		"cut off in the middle":  serviceException(short, inner[:len(inner)-70]),
		"cut off behind it":      serviceException(short, inner[:strings.Index(inner, words)+len(words)+9]),
		"cut off and twice":      serviceException(short, twice[:len(twice)-70]),
		"in a processing error":  serviceException(short, "Processing error: "+transientText+"\n"+inner),
		"ids in plain lines":     serviceException(short, inner+"\n2d5a0c3e-0000-4000-8000-00000000bbbb\nhttps://wabi-north-europe.example/"),
	} {
		f := ParseFailure(in)
		if f.Class != FailSource || f.Transient || f.Code != code || f.Message != words {
			t.Errorf("%s: %s\ngot %+v\nwant %s, code %s, message %q", name, in, f, FailSource, code, words)
		}
	}
}

// TestOnlyIdsAreNoMessage: without an underlying message there is none.
func TestOnlyIdsAreNoMessage(t *testing.T) {
	t.Parallel()
	f := ParseFailure(serviceException(short, "Data source error: "+nested("DM_GWPipeline_UnknownError", supportDetails()...)))
	if f.Code != "DM_GWPipeline_UnknownError" || f.Message != "" || f.Class != FailGateway {
		t.Errorf("got %+v, want the error's code and no message", f)
	}
}

// TestIdsAreForSupport: what no person has any use for is kept apart from the message.
func TestIdsAreForSupport(t *testing.T) {
	t.Parallel()
	const want = "UnderlyingErrorCode -2147467259; UnderlyingHResult -2147467259; UnderlyingNativeErrorCode 17; " +
		"ClusterUri https://wabi-north-europe-d-primary-redirect.example/; ActivityId 2d5a0c3e-0000-4000-8000-00000000aaaa; " +
		"RequestId 2d5a0c3e-0000-4000-8000-00000000bbbb; Time Mon, 02 Nov 2026 04:11:09 GMT"
	quoted := nested("DM_GWPipeline_UnknownError", supportDetails(underlying, "It is full.")...)
	for name, in := range map[string]string{
		"texts":   quoted,
		"numbers": strings.ReplaceAll(quoted, `"-2147467259"`, `-2147467259`),
		"twice":   "Data source error: " + quoted + "\n" + quoted,
	} {
		f := ParseFailure(serviceException(short, in))
		if f.Support != want || f.Message != "It is full." {
			t.Errorf("%s:\ngot  %q, message %q\nwant %q", name, f.Support, f.Message, want)
		}
	}
	if f := failureOf(StatusCancelled, wireRow{ServiceExceptionJSON: text(serviceException(short, quoted))}); f.Support != want {
		t.Errorf("of a cancelled refresh: got %q, want %q", f.Support, want)
	}
}

// TestWordsThatAreNotKnown: they are passed on, and it is said that they are not known.
func TestWordsThatAreNotKnown(t *testing.T) {
	t.Parallel()
	f := ParseFailure(serviceException(short, "The flux is out of phase."))
	if f.Class != FailUnknown || f.Message != "The flux is out of phase." || !strings.Contains(f.Cause, "does not know") || f.Transient {
		t.Errorf("got %+v", f)
	}
	if f := ParseFailure(""); f.Class != FailUnknown || f.Cause != "Power BI gave no reason" {
		t.Errorf("without words: got %+v", f)
	}
}
