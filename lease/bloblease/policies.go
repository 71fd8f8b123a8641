package bloblease

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// sendPolicy notes what becomes of each request of a call. It stands after everything
// that can fail before (the token, the retry policy), and it sees the transport's own
// error, which the retry policy replaces by that of an ended context.
type sendPolicy struct{ transport policy.Transporter }

// Do implements policy.Policy.
func (p sendPolicy) Do(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, followed := ctx.Value(callKey{}).(*call)
	switch {
	case !followed:
		return req.Next()
	case c.lingers:
		return c.linger(req, p.transport)
	}
	c.begin()
	resp, err := req.Next()
	c.end(resp, err)
	return resp, err
}

// beforeSending reports an error that arises while there is no connection yet,
// so that nothing of the request can have been sent.
func beforeSending(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &name) || errors.As(err, &certificate)
}

// limitedCredential bounds the time that a call waits for a token. The credential
// retries by itself, for minutes, and a caller may hold a lease.
type limitedCredential struct{ azcore.TokenCredential }

// GetToken implements azcore.TokenCredential.
func (c limitedCredential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	return c.TokenCredential.GetToken(ctx, o)
}

// bufferPolicy reads a document's body inside the try, so that a connection that
// breaks in the middle is retried like one that breaks before.
type bufferPolicy struct{}

// Do implements policy.Policy.
func (bufferPolicy) Do(req *policy.Request) (*http.Response, error) {
	resp, err := req.Next()
	if err != nil {
		return nil, err
	}
	return buffered(resp)
}

// buffered returns an answer with its body in memory.
func buffered(resp *http.Response) (*http.Response, error) {
	if resp.ContentLength > maxBody {
		_ = resp.Body.Close()
		return nil, tooLargeError(resp.ContentLength)
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxBody+1), resp.Body} // an answer without Content-Length has no limit of its own
	body, err := runtime.Payload(resp)
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxBody:
		return nil, tooLargeError(len(body))
	}
	return resp, nil
}

// tooLargeError is a body of more than maxBody bytes.
type tooLargeError int64

func (e tooLargeError) Error() string {
	return fmt.Sprintf("the answer has at least %d bytes, the limit is %d: the blob is not a document of this app", int64(e), maxBody)
}

// NonRetriable keeps the retry policy from asking again.
func (tooLargeError) NonRetriable() {}
