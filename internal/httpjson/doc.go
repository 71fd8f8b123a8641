// Package httpjson reads JSON from outside: bodies of requests, and files of
// schedules and policies.
//
// [Parse] checks a text as a whole and refuses what encoding/json lets pass and readers
// disagree on: two members of one name, text in another charset, half of a surrogate pair,
// text after the end, and needless depth. Values of a parsed text are windows on it: reading
// a member scans the text and allocates nothing, so a hostile text costs a small multiple of
// its size, however it is built.
//
// Grammar is checked by encoding/json. encoding/json/v2, which also finds duplicates, needs
// GOEXPERIMENT in Go 1.26; when a Go release has it without, Parse can be its decoder.
package httpjson
