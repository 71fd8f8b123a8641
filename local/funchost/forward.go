package funchost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// HostVersion is what the stand-in calls itself; it follows the source of
	// that release.
	HostVersion = "4.1037.0"

	invocationHeader = "X-Azure-Functions-InvocationId"
	versionHeader    = "X-Azure-Functions-HostVersion"
	userAgent        = "Azure-Functions-Host/" + HostVersion

	defaultBodyLimit = 104_857_600 // bytes; azure-functions-host, source
	bodyLimitSetting = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"
)

// replayHeaders make Go's transport send a POST again by itself if a connection
// breaks. It does not know them in lower case, and to HTTP both are one.
var replayHeaders = []string{"Idempotency-Key", "X-Idempotency-Key"}

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
func (h *Host) forward(w http.ResponseWriter, r *http.Request, path string, f *Function) {
	body, err := requestBody(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest) // the client has gone
		return
	}
	invocation := newGUID()
	var got *answer
	err = h.invoke(f, invocation, func(ctx context.Context, to *worker) error {
		request, err := forwarded(ctx, r, path, to.address, body, invocation)
		if err != nil {
			return err
		}
		got, err = ask(to.transport, request)
		return err
	})
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	got.send(w)
}

// invoke runs one invocation on a handler that is ready, and logs it. After
// functionTimeout it returns, and the handler is killed.
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

func (h *Host) callWithin(w *worker, call func(context.Context, *worker) error) error {
	timeout := h.app.Settings.FunctionTimeout
	if timeout == 0 {
		return call(h.invoking, w)
	}
	ctx, cancel := context.WithTimeoutCause(h.invoking, timeout, errFunctionTimeout)
	defer cancel()
	err := call(ctx, w)
	if errors.Is(context.Cause(ctx), errFunctionTimeout) {
		time.AfterFunc(h.options.TimeoutGrace, func() {
			w.timedOut.Store(true)
			w.kill()
		})
		return errFunctionTimeout
	}
	return err
}

// requestBody reads a body that has a Content-Length. The host loses any other.
func requestBody(r *http.Request) ([]byte, error) {
	if r.ContentLength <= 0 {
		return nil, nil
	}
	return io.ReadAll(r.Body)
}

// forwarded makes the request that the handler gets.
func forwarded(ctx context.Context, r *http.Request, path, address string, body []byte, invocation string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, strings.ToUpper(r.Method), "http://"+address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.URL.Opaque = forwardedPath(path, r.URL.RawQuery)
	request.URL.RawQuery = parseQuery(r.URL.RawQuery).String()
	request.Host = r.Host
	for name, values := range r.Header {
		if slices.Contains(replayHeaders, name) {
			name = strings.ToLower(name)
		}
		request.Header[name] = []string{strings.Join(values, ", ")}
	}
	addHeaders(request.Header, invocation)
	return request, nil
}

// addHeaders adds what the host tells the handler. A header that the client sent
// too is not replaced: .NET's client joins both in one line (unverified), ours
// last.
func addHeaders(header http.Header, invocation string) {
	for _, added := range []struct{ name, value, separator string }{
		{invocationHeader, invocation, ", "},
		{versionHeader, HostVersion, ", "},
		{"User-Agent", userAgent, " "},
	} {
		if sent := header.Get(added.name); sent != "" {
			added.value = sent + added.separator + added.value
		}
		header.Set(added.name, added.value)
	}
}
