package funchost

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// modeVariable makes the test binary act as a handler.
const modeVariable = "FUNCHOST_TEST_MODE"

func TestMain(m *testing.M) {
	if mode, found := os.LookupEnv(modeVariable); found {
		os.Exit(handlerMain(mode))
	}
	os.Exit(m.Run())
}

// A seen is a request as the handler got it.
type seen struct {
	Method, URI, Host, Body string
	TransferEncoding        []string
	Header                  http.Header
	Env                     []string
	Dir                     string
	Args                    []string
}

// fakeHandler is what the spawned process serves.
type fakeHandler struct {
	mu     sync.Mutex
	posts  []seen // timer invocations
	probes int    // GET /
	held   int    // requests that wait in "hold"
	left   int    // of these, whose client was seen to leave
	let    chan struct{}
}

func handlerMain(mode string) int {
	// A test that dies cannot kill its handler.
	time.AfterFunc(4*deadline, func() { os.Exit(6) })
	action, argument, _ := strings.Cut(mode, ":")
	switch action {
	case "exit":
		code, _ := strconv.Atoi(argument)
		_, _ = fmt.Fprint(os.Stderr, "one error\ntwo error\nthree error\nfour error\n")
		return code
	case "never":
		time.Sleep(deadline)
		return 7
	case "host": // of the app in a folder
		return hostMain(argument)
	case "wait": // until a file exists
		awaitFile(argument)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"))
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 9
	}
	_ = http.Serve(listener, &fakeHandler{let: make(chan struct{})})
	return 8
}

// hostMain runs a host and prints the process id and the port of its handler.
func hostMain(root string) int {
	h, err := Start(context.Background(), Options{Root: root, Env: map[string]string{modeVariable: "serve"}})
	if err == nil {
		err = h.WaitReady(context.Background())
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_, _ = fmt.Println(h.HandlerPID(), h.workerPort)
	<-h.Done()
	return 0
}

func awaitFile(path string) {
	for _, err := os.Stat(path); err != nil; _, err = os.Stat(path) {
		time.Sleep(time.Millisecond)
	}
}

func (h *fakeHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	dir, _ := os.Getwd()
	got := seen{r.Method, r.RequestURI, r.Host, string(body), r.TransferEncoding, r.Header, os.Environ(), dir, os.Args[1:]}
	switch {
	case r.URL.Path == "/":
		h.mu.Lock()
		h.probes++
		h.mu.Unlock()
		w.WriteHeader(http.StatusTeapot) // any answer will do
	case !strings.HasPrefix(r.URL.Path, "/api/"):
		h.timer(w, got)
	case strings.HasPrefix(r.URL.Path, "/api/do/"):
		h.act(w, r, strings.TrimPrefix(r.URL.Path, "/api/do/"))
	default:
		writeJSON(w, got)
	}
}

// writeJSON announces the length: the host breaks a chunked answer.
func writeJSON(w http.ResponseWriter, value any) {
	body, _ := json.Marshal(value)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// timer records an invocation and answers as the environment says:
// "status|content type|body".
func (h *fakeHandler) timer(w http.ResponseWriter, got seen) {
	h.mu.Lock()
	h.posts = append(h.posts, got)
	h.mu.Unlock()
	answer := os.Getenv("FUNCHOST_TEST_ANSWER")
	if answer == "hang" {
		select {}
	}
	if path, found := strings.CutPrefix(answer, "wait:"); found {
		awaitFile(path)
		answer = ""
	}
	if answer == "" {
		answer = "200|application/json|{}"
	}
	parts := strings.SplitN(answer, "|", 3)
	status, _ := strconv.Atoi(parts[0])
	w.Header().Set("Content-Type", parts[1])
	w.WriteHeader(status)
	_, _ = io.WriteString(w, parts[2])
}

func (h *fakeHandler) act(w http.ResponseWriter, r *http.Request, action string) {
	switch action {
	case "exit":
		code, _ := strconv.Atoi(r.URL.Query().Get("code-of-exit"))
		os.Exit(code)
	case "hang":
		select {}
	case "hold":
		h.hold(r)
	case "let":
		close(h.let)
	case "held":
		h.mu.Lock()
		defer h.mu.Unlock()
		_, _ = fmt.Fprint(w, h.held, " ", h.left)
	case "print":
		_, _ = fmt.Fprint(os.Stdout, r.FormValue("out"))
		_, _ = fmt.Fprint(os.Stderr, r.FormValue("err"))
	case "timers":
		h.mu.Lock()
		defer h.mu.Unlock()
		writeJSON(w, h.posts)
	case "probes":
		h.mu.Lock()
		defer h.mu.Unlock()
		_, _ = fmt.Fprint(w, h.probes)
	case "status":
		code, _ := strconv.Atoi(r.URL.Query().Get("code"))
		w.Header().Set("X-Of-Handler", "yes")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "body")
	case "half": // an answer that ends too soon
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
	}
}

// hold blocks until "let", and notes whether the client has left meanwhile.
func (h *fakeHandler) hold(r *http.Request) {
	h.mu.Lock()
	h.held++
	h.mu.Unlock()
	<-h.let
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held--
	if r.Context().Err() != nil {
		h.left++
	}
}
