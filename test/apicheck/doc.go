// Package apicheck checks requests and answers, as they were sent, against the OpenAPI
// document of the app.
//
// [Spec.Transport] does it for every call of an HTTP client, so that a test suite checks
// all its exchanges. An answer must have a described status, the headers that are
// described as required, and a body of the described schema without a member that is not
// described. A request that was accepted must have been one that the document
// allows: its parameters, its body and its key.
//
// An answer without the header X-Pbirefresh-Version comes from the Functions host: it
// may be a 401, a 404 or any 5xx, and is not checked further.
//
// The document is read once; a [Spec] may be used concurrently. Only tests use this
// package. github.com/pb33f/libopenapi-validator does the checks.
package apicheck
