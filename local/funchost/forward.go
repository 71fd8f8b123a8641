package funchost

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// HostVersion is the version of the host that this package follows.
	HostVersion = "4.1037.0.0"

	invocationHeader = "X-Azure-Functions-InvocationId"
	versionHeader    = "X-Azure-Functions-HostVersion"
	userAgent        = "Azure-Functions-Host/" + HostVersion

	defaultBodyLimit = 104_857_600 // bytes; azure-functions-host, source
	bodyLimitSetting = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"
)

// errFunctionTimeout ends an invocation that has run for functionTimeout.
var errFunctionTimeout = errors.New("funchost: the function has exceeded functionTimeout")

func bodyLimit(settings map[string]string) (int64, error) {
	text, found := lookup(settings, bodyLimitSetting)
	if !found {
		return defaultBodyLimit, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("funchost: app setting %s is %q, must be a number of bytes", bodyLimitSetting, text)
	}
	return n, nil
}

// forward passes a request to the handler and its answer back, both as a whole.
// A client that leaves changes nothing for the handler.
func (h *Host) forward(r *request, f *Function) *reply {
	invocation := newGUID()
	m, err := forwarded(r, invocation)
	if err == nil {
		m.body, err = r.body()
	}
	if err != nil {
		h.logger.Warn("request not forwarded", "function", f.Name, "error", err)
		return replyStatus(http.StatusInternalServerError)
	}
	var got *answer
	err = h.invoke(f, invocation, func(ctx context.Context, to *worker) error {
		got, err = to.client.send(ctx, m)
		return err
	})
	if err != nil {
		return replyStatus(http.StatusInternalServerError)
	}
	return got.pass(m.method)
}

// invoke runs one invocation on a handler that is ready, and logs it.
func (h *Host) invoke(f *Function, id string, call func(context.Context, *worker) error) error {
	logger := h.logger.With("category", "Function."+f.Name, "invocationId", id)
	logger.Debug("Executing")
	began := time.Now()
	w, err := h.await(h.invoking)
	if err == nil {
		err = h.callWithin(w, call)
	}
	if err != nil {
		logger.Error("Executed (Failed)", "duration", time.Since(began), "error", err)
		return err
	}
	logger.Debug("Executed (Succeeded)", "duration", time.Since(began))
	return nil
}

// callWithin gives a call functionTimeout. After that it has failed, whatever
// comes; if nothing comes within the grace, the handler is killed (seen on a host
// 4.1037).
func (h *Host) callWithin(w *worker, call func(context.Context, *worker) error) error {
	timeout := h.app.Settings.FunctionTimeout
	if timeout == 0 {
		return call(h.invoking, w)
	}
	ctx, cancel := context.WithCancel(h.invoking)
	defer cancel()
	var err error
	done := make(chan struct{})
	go func() {
		err = call(ctx, w)
		close(done)
	}()
	select {
	case <-done:
		return err
	case <-time.After(timeout):
	}
	select {
	case <-done:
	case <-time.After(h.options.TimeoutGrace):
		w.timedOut.Store(true)
		w.kill()
		cancel()
		<-done
	}
	return errFunctionTimeout
}

// contentHeaders are those that HttpClient takes for headers of a content, and
// does not send with a request (seen on a host 4.1037). The host itself adds
// Content-Type and Content-Length if there is a body.
var contentHeaders = []string{
	"Allow", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Location",
	"Content-MD5", "Content-Range", "Content-Type", "Expires", "Last-Modified",
}

// forwarded makes the request that the handler gets, without its body.
func forwarded(r *request, invocation string) (message, error) {
	m := message{method: normaliseMethod(r.method), target: forwardedPath(r.target.path, r.target.query)}
	if query := parseQuery(r.target.query).String(); query != "" {
		m.target += "?" + query
	}
	switch {
	case r.header.has("Transfer-Encoding"):
		return m, errors.New("a request with Transfer-Encoding cannot be forwarded")
	case !r.displayable():
		return m, errors.New("the Host is none that a URL may have")
	}
	header := r.header.without(contentHeaders...)
	for _, name := range header.names() {
		if isToken(name) {
			m.header = append(m.header, field{name, strings.Join(header.values(name), separator(name))})
		}
	}
	m.header = addHeaders(m.header, invocation)
	content, err := contentOf(r, m.method)
	m.header = append(m.header, content...)
	for _, f := range m.header {
		if !isASCII(f.value) {
			return m, fmt.Errorf("header %s has characters beyond ASCII", f.name)
		}
	}
	return m, err
}

// contentOf returns the headers that describe the body.
func contentOf(r *request, method string) (fields, error) {
	if r.length <= 0 {
		if isOneOf(method, http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions, http.MethodConnect) {
			return nil, nil
		}
		return fields{{"Content-Length", "0"}}, nil
	}
	content := fields{{"Content-Length", strconv.FormatInt(r.length, 10)}}
	sent := strings.Join(r.header.values("Content-Type"), ",")
	if sent == "" {
		return content, nil
	}
	normalised, ok := normaliseMediaType(sent)
	if !ok {
		return nil, errors.New("the Content-Type is malformed")
	}
	return append(content, field{"Content-Type", normalised}), nil
}

// normaliseMethod writes the methods that HttpClient has a constant for in
// capitals.
func normaliseMethod(method string) string {
	if isOneOf(method, append(knownMethods, http.MethodConnect)...) {
		return strings.ToUpper(method)
	}
	return method
}

// addHeaders adds the headers of the host. Values of the client stay before them.
func addHeaders(header fields, invocation string) fields {
	for _, added := range []field{{versionHeader, HostVersion}, {invocationHeader, invocation}, {"User-Agent", userAgent}} {
		sent := header.values(added.name)
		if known, ok := products(strings.Join(sent, " ")); ok && added.name == "User-Agent" {
			sent = known
		}
		header = header.set(added.name, strings.Join(append(sent, added.value), separator(added.name)))
	}
	return header
}
