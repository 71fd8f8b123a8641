package powerbi

import "strings"

// rule recognises a class by words. A word with * matches its parts in order.
type rule struct {
	class     FailureClass
	transient bool
	cause     string
	remedy    string
	words     []string
}

func (r rule) matches(lower string) bool {
	for line := range strings.Lines(lower) {
		for _, w := range r.words {
			if inOrder(line, strings.Split(w, "*")) {
				return true
			}
		}
	}
	return false
}

// rules are in order of how sure their words are. Words with a source: the capacity
// texts and the engine's codes are documented ("Troubleshoot refresh scenarios" and
// the enhanced refresh article), the gateway codes and the permanent faults under
// the "transient" wrapper are seen in public issues. The rest are the wordings of
// the engine, of Power Query and of database drivers, unverified in this place.
func rules() []rule {
	return append(serviceRules(), dataRules()...)
}

func serviceRules() []rule {
	return []rule{
		{FailEvicted, true, "the model was evicted from memory while it was refreshed",
			"run it again; if it happens often, refresh fewer models at the same time or use a larger capacity",
			[]string{"0xc11c0020", "evicted"}},
		{FailCapacity, true, "the capacity has no room for more refreshes now",
			"run it again later; spread the refreshes over time, or scale the capacity",
			[]string{"exceeded the capacity limit", "capacity level limit exceeded", "node level limit exceeded", "capacitylimitexceeded"}},
		{FailMemory, false, "the refresh needs more memory than the model may have",
			"refresh fewer tables at a time (objects), lower maxParallelism, use incremental refresh, or a larger capacity",
			[]string{"not enough memory", "wasn't enough memory", "out of memory", "insufficient memory", "memory*exceed", "exceed*memory", "more memory*than"}},
		{FailThrottled, true, "the service or the data source slowed the refresh down",
			"run it again later; spread the refreshes over time",
			[]string{"throttl", "too many requests", "request rate is large"}},
		{FailModel, false, "the request does not fit a table with a refresh policy",
			"send applyRefreshPolicy false with commitMode PartialBatch, or use commitMode Transactional",
			[]string{"refreshapirequest*refresh policy"}},
	}
}

func dataRules() []rule {
	return []rule{
		{FailCredentials, false, "the data source's credentials are missing, wrong or expired",
			"let the owner of the model set the data source's credentials in the model's settings; those of the caller are not used",
			[]string{"credential", "login failed", "accessunauthorized", "access to the resource is forbidden", "unauthorized",
				"authentication failed", "failed to authenticate", "invalid_grant", "password*expired", "token*expired"}},
		{FailTimeout, true, "a query or the gateway took too long",
			"make the query faster or raise its time-out in the data source function; see the source's load at that time",
			[]string{"_timeouterror", "timeout expired", "timed out", "timeout error", "exceeded the timeout", "operation*timeout"}},
		{FailGateway, true, "the on-premises data gateway could not be used",
			"check that the gateway is online and current, and that the model's data sources are mapped to it",
			[]string{"gatewayunreachable", "gateway*unreachable", "gateway*offline", "gateway*not available", "gateway*could not be reached",
				"dm_gwpipeline_client_", "gateway is not", "no gateway"}},
		{FailSource, true, "the data source was not reachable or gave up for the moment",
			"run it again; if it stays, check the source's availability and firewall",
			[]string{"deadlock", "transport-level error", "connection*forcibly closed", "connection*reset", "server was not found",
				"could not be reached", "network-related", "database*not currently available", "service unavailable"}},
		{FailModel, false, "the model does not fit the data source any more",
			"compare the model's tables and columns with the source: a column or key was renamed, removed or is not unique",
			[]string{"column*rowset", "column*wasn't found", "column*does not exist", "column*not found", "duplicate value",
				"invalid column name", "cyclic reference", "circular dependency"}},
		{FailSource, false, "the data source, or a value in its data, made the query fail",
			"run the query in Power BI Desktop: a table is missing, or a value cannot be converted",
			[]string{"key didn't match any rows", "oleaut date", "expression.error", "datasource.error", "dataformat.error",
				"ole db or odbc error", "microsoft sql", "invalid object name", "mashupdataaccesserror", "data source error",
				"0xc112001c", "_mashupexception"}},
		{FailGateway, true, "the on-premises data gateway reported an error",
			"check the gateway's state and log", []string{"dm_gwpipeline_"}},
		{FailInternal, true, "Power BI failed internally", "run it again; if it stays, open a support request with the request id",
			[]string{"internal error", "internal service error", "internalservererror", "unexpected error"}},
	}
}

func internalRule() rule {
	return rule{class: FailInternal, transient: true, cause: "Power BI failed internally and gave no other reason",
		remedy: "run it again; if it stays, open a support request with the request id"}
}

// unknownRule is not transient: repeating a refresh that fails for good costs the
// capacity as much as a good one.
func unknownRule() rule {
	return rule{class: FailUnknown, cause: "Power BI gave no reason that is known here",
		remedy: "see the model's refresh history in the Power BI portal"}
}
