// Package tsql runs the T-SQL of integrations/sql as Azure SQL would, with
// sys.sp_invoke_external_rest_endpoint as the one procedure that it has.
//
// It is an interpreter of the few statements that the file uses, and no parser of
// the language: there is none for T-SQL that is well kept and small enough for a
// build (ScriptDom needs .NET; node-sql-parser 5.4.0 does not read this file).
// What it does not know is an error, so the file stays within what is checked.
//
// # The rules of the procedure
//
// Documented unless marked, all from
// https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-invoke-external-rest-endpoint-transact-sql
//
//   - https only, a host of the published list, no redirects;
//   - the credential's name is the same scheme and host as the URL, and a prefix of
//     its path in whole segments, case-sensitive; its secret is sent as headers;
//   - Content-Type and Accept are application/json whatever is asked for;
//   - @timeout is 1 to 230 seconds and 30 without; no answer in time raises an error;
//   - it returns 0 for every 2xx, else the code of HTTP;
//   - URLs up to 8 KB, headers of both directions up to 8 KB in all;
//   - @response is {"response":{"status":{"http":{"code","description"}},"headers":{}},"result":{}},
//     without result if there is no body; a header with a ~ is lost.
//
// # Of the language
//
// Conditions have three values; a text becomes a number where one is wanted, or an
// error does; a uniqueidentifier becomes a text in capitals; THROW ends the batch
// unless there is a CATCH around it. Transactions, SET options and the lengths of
// types are not looked at.
package tsql
