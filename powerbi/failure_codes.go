package powerbi

import "strings"

// These codes decide the class, whatever the text. All were seen in public reports;
// CapacityLimitExceeded and CapacityNotActive are documented for Fabric.

// codeRules apply to each code, the innermost first.
func codeRules() []rule {
	return append(credentialCodes(), serviceCodes()...)
}

func credentialCodes() []rule {
	return []rule{
		{FailCredentials, false, "a data source of the model is bound to no connection or gateway",
			"bind each data source to a connection or a gateway in the model's settings",
			[]string{"dmts_monikerwithunbounddatasources"}},
		{FailCredentials, false, "the sign-in of the model's owner to the data source cannot be renewed",
			signInAgain, []string{"dmts_oauthtokenrefreshfailederror"}},
		{FailCredentials, false, "the account of the model's owner does not exist any more",
			"take the model over in its settings, with an account that stays, and set the data source's credentials anew",
			[]string{"dmts_usernotfoundinadgrapherror"}},
		{FailCredentials, false, credentialsCause, credentialsRemedy,
			[]string{"dmts_datasourcehasnocredentialerror", "credentialsnotspecified", "invalidconnectioncredentials", "accessunauthorized"}},
	}
}

const (
	credentialsCause  = "the data source's credentials are missing, wrong or expired"
	credentialsRemedy = "let the owner of the model set the data source's credentials in the model's settings; those of the caller are not used"
	signInAgain       = "let the owner of the model sign in to the data source again, in the model's settings"
)

func serviceCodes() []rule {
	return []rule{
		{FailCapacity, false, "the capacity of the workspace is paused",
			"resume the capacity, or move the workspace to one that runs", []string{"capacitynotactive", "capacitypaused"}},
		{FailCapacity, true, capacityCause, capacityRemedy, []string{"capacitylimitexceeded"}},
		{FailTimeout, false, serviceLimitCause, serviceLimitRemedy, []string{"processingtimeout"}},
		{FailCancelled, false, "the refresh was cancelled", cancelledRemedy, []string{"cancelledbyuser"}},
		{FailGateway, true, gatewayCause, gatewayRemedy, []string{"gateway_offline", "dm_gwpipeline_client_gatewayunreachable"}},
		{FailSource, false, "the data source refuses access to what the model reads",
			"give the account of the data source's credentials the right to read it",
			[]string{"resourceaccessforbiddenexception"}},
		{FailEvicted, true, evictedCause, evictedRemedy, []string{"0xc11c0020"}},
		{FailTimeout, true, slowCause, slowRemedy, []string{"dm_gwpipeline_gateway_timeouterror"}},
	}
}

const (
	capacityCause      = "the capacity has no room for more refreshes now"
	capacityRemedy     = "run it again later; spread the refreshes over time, or scale the capacity"
	serviceLimitCause  = "the refresh took longer than Power BI allows"
	serviceLimitRemedy = "refresh fewer tables at a time (objects) or use incremental refresh; a repeat runs into the same limit (2 hours on shared, 5 hours on dedicated capacity)"
	cancelledRemedy    = "find out who cancelled it, and start it again"
	gatewayCause       = "the on-premises data gateway could not be used"
	gatewayRemedy      = "check that the gateway is online and current, and that the model's data sources are mapped to it"
	evictedCause       = "the model was evicted from memory while it was refreshed"
	evictedRemedy      = "run it again; if it happens often, refresh fewer models at the same time or use a larger capacity"
	slowCause          = "a query or the gateway took too long"
	slowRemedy         = "make the query faster or raise its time-out in the data source function; see the source's load at that time"
)

// unspecificRules apply last: these codes cover faults of every kind.
func unspecificRules() []rule {
	return []rule{
		{FailSource, false, sourceCause, sourceRemedy,
			[]string{"dm_gwpipeline_gateway_datasourceaccesserror", "mashupdataaccesserror", "_mashupexception", "0xc112001c"}},
		{FailGateway, true, gatewayCause, gatewayRemedy, []string{"dm_gwpipeline_client_"}},
		{FailGateway, true, "the on-premises data gateway reported an error",
			"check the gateway's state and log", []string{"dm_gwpipeline_"}},
		{FailInternal, true, "Power BI failed internally", internalRemedy, []string{"internalserviceerror", "internalservererror"}},
	}
}

const (
	sourceCause    = "the data source, or a value in its data, made the query fail"
	sourceRemedy   = "run the query in Power BI Desktop: a table is missing, or a value cannot be converted"
	internalRemedy = "run it again; if it stays, open a support request with the request id"
)

// signIn returns what Entra ID requires, if the text has its code (documented: Microsoft
// Entra authentication and authorization error codes).
func signIn(text string) string {
	for code, why := range map[string]string{
		"aadsts50173":  "the sign-in was revoked, by a changed password for example",
		"aadsts50076":  "multifactor authentication (MFA) is required",
		"aadsts50079":  "multifactor authentication (MFA) has to be set up",
		"aadsts700082": "the sign-in has expired, since it was not used",
		"aadsts53003":  "a conditional access policy blocks it",
	} {
		if strings.Contains(text, code) {
			return why
		}
	}
	return ""
}
