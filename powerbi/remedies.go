package powerbi

// remedy returns what to change, and where, in words for an operator. It is empty for
// cases without a known remedy.
func remedy(c Code, e endpoint) string {
	switch c {
	case CodeNotAuthorized, CodeAPINotAccessible, CodeForbidden, CodeNotFound, CodeWorkspaceNotFound, CodeTokenRejected, CodeCredentialUnavailable:
		return accessRemedy(c)
	case CodeBusy:
		return "wait until the running refresh has ended"
	case CodeQuotaExceeded:
		return "wait for the quota to free (shared capacity: 8 refreshes a day), or move the workspace to a Premium, PPU, Embedded or Fabric capacity"
	case CodeThrottled:
		return "send fewer requests with this service principal"
	case CodeCapacityPaused:
		return "resume the capacity, or move the workspace to one that runs"
	case CodeConflict:
		return "wait until the change of the model that Power BI names has ended"
	case CodeCapacityThrottled:
		return "wait, spread the refreshes or scale the capacity"
	case CodeNotModelBased:
		return "name a semantic model; push and streaming datasets have no refresh"
	case CodeEnhancedNotSupported:
		return "move the workspace to a Premium, PPU, Embedded or Fabric capacity, or request a standard refresh (at most notifyOption)"
	case CodeBadRequest:
		return badRequestRemedy(e)
	case CodeUnreachable, CodeTimeout:
		return "check the outbound network, DNS and proxy of the app, and POWERBI_API_URL if it is set"
	case CodeNotPowerBI:
		return "let the proxy or firewall of the app's outbound network pass requests to Power BI unchanged, and check POWERBI_API_URL if it is set"
	case CodeUnexpected:
		return "check that POWERBI_API_URL is Power BI's API and that no proxy answers in its place"
	case CodeAlreadyFinished, CodeUnavailable, CodeCanceled:
		return ""
	default:
		return ""
	}
}

// settingName: the tenant setting is being renamed (CIS benchmarks name both).
const settingName = `the tenant setting "Service principals can use Fabric APIs" (newer: "Service principals can call Fabric public APIs")`

func accessRemedy(c Code) string {
	switch c {
	case CodeNotAuthorized:
		return "give the service principal the workspace role Contributor or higher, and allow it in " + settingName + ", including the security group named there"
	case CodeAPINotAccessible:
		return "switch on " + settingName + " and put the service principal into the security group named there"
	case CodeForbidden:
		return "give the service principal the workspace role Contributor or higher; Viewer and Build are not enough"
	case CodeNotFound:
		return "check workspaceId and datasetId, and that the service principal has the workspace role Contributor or higher: Power BI answers 404 in both cases"
	case CodeWorkspaceNotFound:
		return "check workspaceId, and that the service principal has the workspace role Contributor or higher: Power BI answers 404 in both cases"
	case CodeTokenRejected:
		return "if it stays, check POWERBI_TENANT_ID, POWERBI_CLOUD and POWERBI_SCOPE, and the clock of the machine"
	case CodeCredentialUnavailable:
		return "check the identity's settings; nothing was sent to Power BI"
	default:
		return ""
	}
}

// remedyFor returns the remedy for an answer, as specific as the answer allows.
func remedyFor(c Code, k *call, a answer) string {
	switch {
	case c != CodeBadRequest:
	case says(a, "refresh policy"), says(a, "refreshpolicy"):
		return "send applyRefreshPolicy: false, which partitions and commitMode partialBatch need"
	case k.whole && a.code == "" && a.message == "":
		// Seen: a 400 without a word for DirectQuery and live-connection models
		// (microsoft/PowerBI-CSharp#120). The options cannot be wrong: there are none
		// that a whole-model refresh depends on.
		return "check that the model imports data: DirectQuery and live-connection models and push datasets have nothing to refresh; and that its owner still exists and signs in: take the model over otherwise"
	}
	return remedy(c, k.endpoint)
}

func badRequestRemedy(e endpoint) string {
	if e == starts {
		return "check the refresh options against the model; without a reason from Power BI, check the model's refresh history (Power BI answers a running refresh and a used-up quota in the same way)"
	}
	return ""
}
