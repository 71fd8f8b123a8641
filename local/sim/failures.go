package sim

// The codes and texts that have been published.
const (
	codeProcessing = "ModelRefresh_ShortMessage_ProcessingError" // documented: swagger
	transientText  = "The last refresh attempt failed because of an internal service error. This is usually a transient issue. " +
		"If you try again later and still see this message, contact support."
	cancelledTail = "\n0xC11C0006: The current operation was cancelled because another operation in the transaction failed."
)

// failures: sources per row. unverified: the errorCode around the capacity texts.
func failures() map[FailureClass]Outcome {
	engine := func(text string) Outcome { return Outcome{Code: codeProcessing, Description: text} }
	return map[FailureClass]Outcome{
		FailCredentials:    {Code: "ModelRefreshFailed_CredentialsNotSpecified"}, // documented: swagger
		FailGateway:        {Exception: gatewayFailure("DM_GWPipeline_Gateway_MashupDataAccessError", "-2147467259")},
		FailGatewayTimeout: {Exception: gatewayFailure("DM_GWPipeline_Gateway_TimeoutError", "-2146232060")},
		FailSource: engine("0xC112001C: Expression.Error: Forced Error. . The exception was raised by the IDbCommand interface." +
			cancelledTail), // documented: swagger
		FailColumn: engine(transientText + "\nThe 'Region' column does not exist in the rowset."),             // microsoft/coe-starter-kit#2784
		FailKey:    engine(transientText + "\nExpression.Error: The key didn't match any rows in the table."), // coe-starter-kit#5294
		FailDate:   engine(transientText + "\nOLE DB or ODBC error: Not a legal OleAut date."),                // Microsoft-Purview-Advanced-Rich-Reports-MPARR-Collector#81
		FailModel: engine("0xC11C0001: A duplicate value was found for a column on the one side of a many-to-one relationship." +
			cancelledTail), // unverified: code and text
		FailMemory: engine("0xC11C0004: Resource Governing: This operation was canceled because there wasn't enough memory to finish running it." +
			cancelledTail), // unverified: code and text
		FailCapacity: engine("You've exceeded the capacity limit for semantic model refreshes. " +
			"Try again when fewer semantic models are being processed."), // documented: refresh troubleshooting
		FailCapacityOld: engine("You've exceeded the capacity limit for dataset refreshes. " +
			"Try again when fewer datasets are being processed."),
		FailCapacityLevel: engine("Capacity level limit exceeded."),
		FailNodeLevel:     engine("Node level limit exceeded."),
		FailEvicted:       engine("0xC11C0020: The model was evicted while it was being processed."), // documented: the code; unverified: the text
		FailInternal:      engine(transientText),
		FailTimeout:       {Status: statusTimedOut, Code: codeProcessing, Description: "The operation timed out."}, // unverified: code and text
		FailCancelled:     {Status: statusCancelled},
		FailDisabled:      {Status: statusDisabled},
		FailPolicy:        policyFailure(),
		FailNoReason:      {Status: statusFailed},
		FailNotJSON:       {Exception: "Something went wrong. Please try again later."},
		FailUnknownWord:   {Status: "Paused"},
		FailPartial:       partialCommit(),
	}
}

// gatewayFailure: seen migueesc123/PowerBIRESTAPI#184 and #140.
func gatewayFailure(code, underlying string) string {
	return `Data source error: {"error":{"code":"` + code + `","pbi.error":{"code":"` + code + `","parameters":{},"details":[` +
		`{"code":"DM_ErrorDetailNameCode_UnderlyingErrorCode","detail":{"type":1,"value":"` + underlying + `"}},` +
		`{"code":"DM_ErrorDetailNameCode_UnderlyingErrorMessage","detail":{"type":1,"value":"The data source could not be reached."}},` +
		`{"code":"ClusterUriText","detail":{"type":1,"value":"` + homeCluster + `"}},` + // seen: labels of values for support
		`{"code":"RequestIdText","detail":{"type":1,"value":"2d5a0c3e-5f0b-4c53-9d47-6d0f0e8f6a11"}}` +
		`],"exceptionCulprit":1}}}`
}

// policyFailure: documented sample of PartialBatch with a refresh policy.
func policyFailure() Outcome {
	return Outcome{
		Code: codeProcessing,
		Messages: []Message{{
			Message: "RefreshApiRequest for table refresh using refresh policy must have the property " +
				"'CommitMode' = 'Transactional' instead of 'PartialBatch'.",
			Type: "Error",
		}},
	}
}

// partialCommit: documented: a failed PartialBatch can leave tables partly loaded; objects[].status is in the sample of a
// success, unverified: that a failure uses it too.
func partialCommit() Outcome {
	return Outcome{
		Code:        codeProcessing,
		Description: "0xC112001C: Expression.Error: Forced Error." + cancelledTail,
		Objects:     map[string]string{"FactSales": statusFailed},
	}
}
