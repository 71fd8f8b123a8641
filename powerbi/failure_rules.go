package powerbi

import (
	"slices"
	"strings"
)

// rule recognises a class by words. A word with * matches its parts in order.
type rule struct {
	class     FailureClass
	transient bool
	cause     string
	remedy    string
	words     []string
}

func (r rule) matches(lower string) bool {
	for _, w := range r.words {
		if inOrder(lower, strings.Split(w, "*")) {
			return true
		}
	}
	return false
}

// absentTables are tables that the source lacks or hides. According to one report the fault
// passes after minutes if the table has just been created (seen).
const absentTables = "do not exist or access was denied"

// late reports whether one repeat, some minutes later, may succeed.
func (r rule) late() bool { return slices.Contains(r.words, absentTables) }

// rules recognise texts, the most certain words first. Words with a source: the
// capacity texts and the engine's codes are documented ("Troubleshoot refresh scenarios"
// and the enhanced refresh article), the faults under the "transient" wrapper are seen in
// public issues. The rest are the wordings of the engine, of Power Query and of database
// drivers, unverified in this place.
func rules() []rule {
	return append(serviceRules(), dataRules()...)
}

func serviceRules() []rule {
	return []rule{
		{FailEvicted, true, evictedCause, evictedRemedy, []string{"0xc11c0020", "evicted"}},
		{FailCapacity, false, "the capacity of the workspace is paused",
			"resume the capacity, or move the workspace to one that runs",
			[]string{"capacity is currently paused", "capacitynotactive"}},
		{FailCapacity, true, capacityCause, capacityRemedy,
			[]string{"exceeded the capacity limit", "capacity level limit exceeded", "node level limit exceeded",
				"capacitylimitexceeded", "capacity has exceeded its limits"}},
		{FailMemory, false, "the refresh needs more memory than the model may have",
			"refresh fewer tables at a time (objects), lower maxParallelism, use incremental refresh, or a larger capacity",
			[]string{"resource governing", "not enough memory", "wasn't enough memory", "out of memory", "insufficient memory",
				"memory*exceed", "exceed*memory", "more memory*than"}},
		{FailThrottled, true, "the service or the data source slowed the refresh down",
			"run it again later; spread the refreshes over time",
			[]string{"throttl", "too many requests", "request rate is large"}},
		{FailTimeout, false, serviceLimitCause, serviceLimitRemedy,
			[]string{"cancelled because of timeout", "canceled because of timeout", "2 hour*limit", "5 hour*limit", "2-hour*limit", "5-hour*limit",
				"limit*2 hours", "limit*5 hours", "exceed*2 hours", "exceed*5 hours", "longer than 2 hours", "longer than 5 hours"}},
		{FailModel, false, "the request does not fit a table with a refresh policy",
			"send applyRefreshPolicy false with commitMode PartialBatch, or use commitMode Transactional",
			[]string{"refreshapirequest*refresh policy"}},
	}
}

func dataRules() []rule {
	return []rule{
		{FailSource, false, "a table that the model reads does not exist, or the credentials may not read it",
			"check the names of the source's tables, and the rights of the account of the data source's credentials",
			[]string{absentTables, "does not exist or access was denied"}},
		{FailCredentials, false, "the sign-in to the data source was refused", signInAgain, []string{"aadsts"}},
		{FailCredentials, false, credentialsCause, credentialsRemedy,
			[]string{"credential", "login failed", "accessunauthorized", "access to the resource is forbidden", "unauthorized",
				"access was denied", "authentication failed", "failed to authenticate", "invalid_grant", "password*expired", "token*expired"}},
		{FailTimeout, true, slowCause, slowRemedy,
			[]string{"_timeouterror", "timeout expired", "timed out", "timeout error", "exceeded the timeout", "operation*timeout"}},
		{FailGateway, true, gatewayCause, gatewayRemedy,
			[]string{"gatewayunreachable", "gateway*unreachable", "gateway*offline", "gateway*not available", "gateway*could not be reached",
				"gateway is not", "no gateway"}},
		{FailSource, true, "the data source was not reachable or gave up for the moment",
			"run it again; if it stays, check the source's availability and firewall",
			[]string{"deadlock", "transport-level error", "connection*forcibly closed", "connection*reset", "server was not found",
				"could not be reached", "network-related", "database*not currently available", "service unavailable"}},
		{FailModel, false, "the model does not fit the data source any more",
			"compare the model's tables and columns with the source: a column or key was renamed, removed or is not unique",
			[]string{"column*rowset", "column*wasn't found", "column*does not exist", "column*not found", "duplicate value",
				"invalid column name", "cyclic reference", "circular dependency"}},
		{FailSource, false, sourceCause, sourceRemedy,
			[]string{"key didn't match any rows", "oleaut date", "expression.error", "datasource.error", "dataformat.error",
				"ole db or odbc error", "microsoft sql", "invalid object name", "0xc112001c"}},
		{FailInternal, true, "Power BI failed internally", internalRemedy,
			[]string{"internal error", "internal service error", "unexpected error"}},
	}
}

func internalRule() rule {
	return rule{class: FailInternal, transient: true, cause: "Power BI failed internally and gave no other reason", remedy: internalRemedy}
}

// unknownRule is not transient: repeating a refresh that always fails costs the capacity
// as much as a successful one.
func unknownRule(words bool) rule {
	cause := "Power BI gave no reason"
	if words {
		cause = "Power BI gave a reason that this version does not know"
	}
	return rule{class: FailUnknown, cause: cause, remedy: "see the model's refresh history in the Power BI portal"}
}
