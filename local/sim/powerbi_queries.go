package sim

import (
	"encoding/json"
	"net/http"
)

// A QueryResult is what a DAX query returns. A non-empty Failure is a DAX error: 400 DatasetExecuteQueriesError.
type QueryResult struct {
	Rows    []map[string]any
	Failure string
}

// query answers POST .../executeQueries with the result of the model's Query knob; there is no DAX engine.
func (s *PowerBI) query(req request) Answer {
	var body struct {
		Queries []struct {
			Query string `json:"query"`
		} `json:"queries"`
	}
	if err := json.Unmarshal(req.body, &body); err != nil || len(body.Queries) != 1 { // documented: one query a call
		return invalidRequest("Invalid query request. Exactly one query is supported") // unverified: the text
	}
	result := QueryResult{Rows: []map[string]any{{"[Value]": 1}}}
	if req.model.knobs.Query != nil {
		result = req.model.knobs.Query(body.Queries[0].Query)
	}
	if result.Failure != "" {
		return pbiError(http.StatusBadRequest, "DatasetExecuteQueriesError",
			pbiDetail{"DetailsMessage", pbiScalar{1, result.Failure}},
			pbiDetail{"AnalysisServicesErrorCode", pbiScalar{1, "3242524690"}})
	}
	type table struct {
		Rows []map[string]any `json:"rows"`
	}
	type tables struct {
		Tables []table `json:"tables"`
	}
	return jsonAnswer(http.StatusOK, map[string][]tables{"results": {{[]table{{result.Rows}}}}})
}
