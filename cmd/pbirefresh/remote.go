package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strings"

	"pbirefresh/handler"
	"pbirefresh/refresh/machine"
)

// app is where the commands find an app: options, else the environment.
type app struct {
	url, key *string
	env      environment
}

// appFlags has no defaults: the usage text would print them, and with them the key.
func appFlags(fs *flag.FlagSet, env environment) app {
	return app{
		url: fs.String("url", "", "address of the function app; default: $PBIREFRESH_URL"),
		key: fs.String("key", "", "function key; default: $PBIREFRESH_KEY"),
		env: env,
	}
}

func (a app) client() (*handler.Client, error) {
	address := cmp.Or(*a.url, a.env.getenv("PBIREFRESH_URL"))
	if address == "" {
		return nil, usageError{errors.New("say where the app is: -url https://app.azurewebsites.net, or PBIREFRESH_URL")}
	}
	if !isURL(address) {
		return nil, usageError{fmt.Errorf("%q is not the address of an app: it begins with https:// or http://", address)}
	}
	return &handler.Client{BaseURL: strings.TrimRight(address, "/"), Key: cmp.Or(*a.key, a.env.getenv("PBIREFRESH_KEY"))}, nil
}

func trigger(ctx context.Context, args []string, env environment) error {
	fs := flag.NewFlagSet("trigger", flag.ContinueOnError)
	a := appFlags(fs, env)
	file := fs.String("body", "", "file with the whole request body; - for standard input")
	when := fs.String("when-busy", "queue", "queue, join or reject")
	untilEnd := fs.Bool("watch", true, "watch the operation to its end")
	rest, err := parse(fs, args, env)
	if err != nil {
		return err
	}
	body, err := requestBody(*file, *when, rest)
	if err != nil {
		return err
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	doc, err := c.Trigger(ctx, body)
	if err != nil {
		printProblems(env.stderr, err)
		return err
	}
	if !*untilEnd {
		return printDocument(env.stdout, doc)
	}
	fmt.Fprintln(env.stderr, "status url:", doc.StatusURL)
	return follow(ctx, c, doc.StatusURL, env)
}

// printProblems prints each of several things that are wrong with a request.
func printProblems(w io.Writer, err error) {
	var e *handler.Error
	if !errors.As(err, &e) || len(e.Details) < 2 {
		return
	}
	for _, d := range e.Details {
		fmt.Fprintln(w, printable(d.Message))
	}
}

// requestBody is the file, or the request for WORKSPACE DATASET.
func requestBody(file, when string, rest []string) ([]byte, error) {
	switch {
	case file == "-":
		return io.ReadAll(os.Stdin)
	case file != "":
		return os.ReadFile(file)
	case len(rest) != 2:
		return nil, usageError{errors.New("usage: pbirefresh trigger [options] WORKSPACE_ID DATASET_ID")}
	}
	return json.Marshal(map[string]string{"workspaceId": rest[0], "datasetId": rest[1], "whenBusy": when})
}

func watch(ctx context.Context, args []string, env environment) error {
	fs := flag.NewFlagSet("watch", flag.ContinueOnError)
	rest, err := parse(fs, args, env)
	if err != nil {
		return err
	}
	if len(rest) != 1 || !isURL(rest[0]) {
		return usageError{errors.New("usage: pbirefresh watch STATUS_URL (the statusUrl of the answer, https://...)")}
	}
	return follow(ctx, &handler.Client{}, rest[0], env)
}

func cancel(ctx context.Context, args []string, env environment) error {
	fs := flag.NewFlagSet("cancel", flag.ContinueOnError)
	a := appFlags(fs, env)
	force := fs.Bool("force", false, "also for the other callers of a shared operation; the key must be the master key")
	rest, err := parse(fs, args, env)
	if err != nil {
		return err
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	if len(rest) != 1 || !*force && !isURL(rest[0]) {
		return usageError{errors.New("usage: pbirefresh cancel STATUS_URL, or pbirefresh cancel -force ID")}
	}
	cancel := c.Cancel
	if *force {
		cancel = c.CancelAll
		rest[0] = idOf(rest[0])
	}
	doc, err := cancel(ctx, rest[0])
	if unauthorized(err) && *force {
		return fmt.Errorf("%w; -force wants the app's master key", err)
	}
	if err != nil {
		return err
	}
	return printDocument(env.stdout, doc)
}

// idOf is the id of an operation, given as it is or by its status URL.
func idOf(text string) string {
	text, _, _ = strings.Cut(text, "?")
	return path.Base(text)
}

// follow watches one operation with a live line, prints its document, and fails
// if it failed.
func follow(ctx context.Context, c *handler.Client, statusURL string, env environment) error {
	line := newProgress(env.stderr)
	doc, err := c.Watch(ctx, statusURL, line.show)
	line.end()
	if err != nil {
		return err
	}
	if err := printDocument(env.stdout, doc); err != nil {
		return err
	}
	if doc.Status != machine.StatusSucceeded {
		if doc.Error != nil {
			return fmt.Errorf("the refresh ended as %s: %s: %s", doc.Status, doc.Error.Code, doc.Error.Message)
		}
		return fmt.Errorf("the refresh ended as %s", doc.Status)
	}
	return nil
}

func isURL(s string) bool { return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") }

func unauthorized(err error) bool {
	var e *handler.Error
	return errors.As(err, &e) && e.Status == http.StatusUnauthorized
}

func printDocument(w io.Writer, doc handler.StatusDocument) error { return printJSON(w, doc) }

func printJSON(w io.Writer, doc any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}
