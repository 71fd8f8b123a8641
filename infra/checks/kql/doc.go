// Package kql runs the queries of the alert rules and of the runbook on lines that the
// program wrote.
//
// It is the small part of the Kusto query language that infra/alert_rules.tf and
// docs/runbook.md use:
//
//	traces | where PREDICATE | extend NAME = SCALAR, ... | project NAME, ...
//	       | summarize NAME = AGGREGATE, ... by NAME, ... | order by NAME desc | take N
//
// with the aggregates count(), min(COLUMN) and max(COLUMN), and
// ==, !=, >=, <=, >, <, and, or, parentheses, strings, numbers, members of dynamic
// values (line.model), and the functions parse_json, tostring, toint. Anything else does
// not parse. Types are as in Kusto (documented): a member that is not there is null;
// tostring(null) is "", toint of what is no number is null; a comparison with null is
// false, except that != is true; a dynamic value is not compared without a conversion.
package kql
