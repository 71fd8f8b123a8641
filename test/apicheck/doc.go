// Package apicheck holds the HTTP API to its own description: it checks requests and
// answers as they were sent against an OpenAPI 3.1 document.
//
// [Spec.Transport] does it for every call of an HTTP client, so that a test suite
// checks all that it happens to meet. An answer must have a described status, the
// headers that are described as required, and a body of the described schema with no
// member that is not described; a request that was accepted must have been one that
// the document allows.
//
// An answer without the header that marks the app's own is one of the Functions host:
// it may be a 401, a 404 or any 5xx, and nothing more is known of it.
//
// The document is read once; a [Spec] may be used concurrently. Only tests use this
// package: schemas are checked by github.com/santhosh-tekuri/jsonschema, which
// implements JSON Schema 2020-12, the dialect of OpenAPI 3.1.
package apicheck
