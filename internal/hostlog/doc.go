// Package hostlog is the [slog.Handler] of a process that runs under the Azure
// Functions host as a custom handler.
//
// The host reads the process's stdout and stderr line by line, makes each line
// one log entry of the category Host.Function.Console, and grades it by where it
// came from (azure-functions-host 4.1037, source; the setting
// useStdErrorStreamForErrorsOnly is true, the default for custom handlers):
//
//	line on                                 host's level
//	stdout                                  Information
//	stderr, contains "warn" in any case     Warning
//	stderr, otherwise                       Error
//
// The host does not read the level, the time or the invocation of a line, so the handler
// keeps these rules:
//
//   - One record is one line, one JSON object and one Write, under a lock that
//     all handlers derived from one [New] share. No line holds a raw newline.
//   - Debug and Info go to stdout, Warn and Error to stderr. Levels between
//     the named ones go with the named one below them.
//   - A Warn line contains "warn", by its own "level":"WARN". An Error line
//     never does: the w is written as a JSON escape, which every JSON reader
//     turns back into the same text.
//   - No time: the host stamps the line when it reads it.
//   - The invocation that a record belongs to comes from the context (see
//     [WithInvocation]) and is a top-level member, whatever groups are open.
//   - No line is longer than [MaxLine] bytes. Long values are cut first; if that
//     is not enough, the attributes are left out. Both leave a mark.
//
// # Not guaranteed
//
// A write to a stream that the host has closed is lost; slog drops the error. The
// last lines before the process is killed may be lost: the host ends a custom
// handler with SIGKILL and no warning. Debug and Info are both Information to
// the host: only the member "level" shows which it was.
package hostlog
