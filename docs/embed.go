// Package docs has the documents that a program shows.
package docs

import _ "embed"

// Runbook is what to do about each alert, with its Kusto queries.
//
//go:embed runbook.md
var Runbook string
