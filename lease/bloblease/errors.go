package bloblease

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"pbirefresh/internal/foreign"
	"pbirefresh/lease"
)

// outcomes are the statuses that settle an operation, and what they mean to it.
// A nil meaning is success. Every other status is "not done", in words.
type outcomes map[int]error

var (
	readOutcomes      = outcomes{http.StatusNotFound: lease.ErrNotFound}
	createOutcomes    = outcomes{http.StatusConflict: lease.ErrExists, http.StatusPreconditionFailed: lease.ErrExists}
	acquireOutcomes   = outcomes{http.StatusNotFound: lease.ErrNotFound, http.StatusConflict: lease.ErrHeld, http.StatusPreconditionFailed: lease.ErrHeld}
	writeOutcomes     = outcomes{http.StatusNotFound: lease.ErrLost, http.StatusConflict: lease.ErrLost, http.StatusPreconditionFailed: lease.ErrLost}
	releaseOutcomes   = outcomes{http.StatusNotFound: nil, http.StatusConflict: nil, http.StatusPreconditionFailed: nil}
	deleteOutcomes    = outcomes{http.StatusNotFound: nil, http.StatusConflict: lease.ErrLost, http.StatusPreconditionFailed: lease.ErrLost}
	listOutcomes      = outcomes{}
	containerOutcomes = outcomes{}
)

const (
	codeContainerExists  = string(bloberror.ContainerAlreadyExists)
	codeContainerMissing = string(bloberror.ContainerNotFound)
)

// errNoCondition is a Write or a Delete that names no lease or no version: it
// cannot hold.
var errNoCondition = fmt.Errorf("%w: the request names no lease or no version", lease.ErrLost)

// elsewhere are codes that come as 409 or 412 and say nothing about the lease,
// the version or the existence of the document.
var elsewhere = map[string]bool{
	string(bloberror.AccountBeingCreated):                 true,
	string(bloberror.BlobArchived):                        true,
	string(bloberror.BlobBeingRehydrated):                 true,
	string(bloberror.BlobImmutableDueToPolicy):            true,
	string(bloberror.BlobUsesCustomerSpecifiedEncryption): true,
	string(bloberror.ContainerBeingDeleted):               true,
	string(bloberror.ContainerDisabled):                   true,
	string(bloberror.InvalidBlobType):                     true,
	string(bloberror.PendingCopyOperation):                true,
	string(bloberror.ResourceTypeMismatch):                true,
	string(bloberror.SnapshotsPresent):                    true,
}

// of judges the answer of an operation.
func (o outcomes) of(op, name string, err error) error {
	if err == nil {
		return nil
	}
	got := answer(err)
	meaning, settled := o[got.status]
	switch {
	case !settled || elsewhere[got.code]:
		return &failure{op: op, name: name, cause: err}
	case meaning == nil:
		return nil
	}
	return &failure{op: op, name: name, cause: err, outcome: meaning}
}

// ofWrite classifies the error of an operation that must not be repeated. sent
// means that the request may have reached the service.
func (o outcomes) ofWrite(op, name string, err error, sent bool) error {
	if err != nil && sent && !answer(err).refuses() {
		return &failure{op: op, name: name, cause: err, outcome: lease.ErrUnknown}
	}
	return o.of(op, name, err)
}

// ofRepeated judges the error of an operation that can be repeated.
func (o outcomes) ofRepeated(op, name string, err error, c *call) error {
	if err != nil && answer(err).status == 0 && c.unanswered() {
		return &failure{op: op, name: name, cause: err, outcome: lease.ErrUnknown}
	}
	return o.of(op, name, err)
}

// ofAcquire judges the error of an acquire. A refusal is one only if no earlier try can
// have taken the lease, or still can.
func (o outcomes) ofAcquire(op, name string, err error, c *call) error {
	judged := o.ofRepeated(op, name, err, c)
	refused := errors.Is(judged, lease.ErrHeld) || errors.Is(judged, lease.ErrNotFound)
	if err != nil && (c.unanswered() || refused && c.landed()) {
		return &failure{op: op, name: name, cause: err, outcome: lease.ErrUnknown}
	}
	return judged
}

// response is what the service answered; the zero value is no answer.
type response struct {
	status int
	code   string
	header http.Header
}

// answer finds the service's answer in an error.
func answer(err error) response {
	var refusal *azcore.ResponseError
	if !errors.As(err, &refusal) {
		return response{}
	}
	r := response{status: refusal.StatusCode, code: refusal.ErrorCode}
	if refusal.RawResponse != nil {
		r.header = refusal.RawResponse.Header
	}
	return r
}

// refuses reports an answer after which the request has certainly no effect. A
// 408 and a 5xx come from a service, or a proxy, that gave up waiting.
func (r response) refuses() bool {
	return r.status >= 400 && definite(r.status)
}

// definite reports a status that says what became of the request.
func definite(status int) bool {
	return status < http.StatusInternalServerError && status != http.StatusRequestTimeout
}

func missingContainer(err error) bool { return answer(err).code == codeContainerMissing }

// failure is the error of an operation, with a text of one line.
type failure struct {
	op, name string
	cause    error
	outcome  error // one of package lease's; nil means not done
}

// Unwrap gives the outcome and the cause to errors.Is and errors.As.
func (f *failure) Unwrap() []error {
	if f.outcome == nil {
		return []error{f.cause}
	}
	return []error{f.outcome, f.cause}
}

func (f *failure) Error() string {
	var text strings.Builder
	if f.outcome != nil {
		fmt.Fprintf(&text, "%v: ", f.outcome)
	}
	fmt.Fprintf(&text, "blob storage: %s: ", strings.TrimSpace(f.op+" "+f.name))
	got := answer(f.cause)
	if got.status == 0 {
		text.WriteString(withoutURL(f.cause))
		return text.String()
	}
	fmt.Fprintf(&text, "%d %s", got.status, oneLine(got.code))
	if remedy := got.remedy(); remedy != "" {
		text.WriteString(": " + remedy)
	}
	if id := got.header.Get("x-ms-request-id"); id != "" {
		fmt.Fprintf(&text, " (request id %s)", id)
	}
	return text.String()
}

// withoutURL returns, in one line, the text of an error that is not the service's.
// It leaves out the URL of the request, which may hold a signature.
func withoutURL(err error) string {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	text := oneLine(err.Error())
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return text + ": the service did not answer in time"
	case beforeSending(err):
		return text + ": check the account in STATE_STORAGE__blobServiceUri (or STATE_STORAGE) and the network"
	}
	return text
}

const maxText = 500 // bytes of foreign text in an error of ours

// oneLine makes one printable line of foreign text, for a log.
func oneLine(text string) string { return foreign.Line(text, maxText) }
