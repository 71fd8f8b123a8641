package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// requestFlag is a flag for a member of the request's body, or for a header.
type requestFlag struct {
	name   string
	member string // options.type is a member of options
	header string
	usage  string
	words  []string // for completion
}

// requestFlags are the flags of refresh that the app reads. The app checks the values: it
// has the rules, and names the field.
func requestFlags() []requestFlag {
	return []requestFlag{
		{name: "when-busy", member: "whenBusy", usage: "`what` to do if the model is being refreshed: queue, join or reject (default queue)", words: []string{"queue", "join", "reject"}},
		{name: "kind", member: "kind", usage: "`API` to use: auto, standard or enhanced (default auto)", words: []string{"auto", "standard", "enhanced"}},
		{name: "timeout", member: "timeout", usage: "`time` allowed for waiting and running together, such as 2h"},
		{name: "queue-timeout", member: "queueTimeout", usage: "longest `time` before the refresh starts, such as 30m"},
		{name: "max-attempts", member: "maxAttempts", usage: "`number` of attempts if the refresh fails for a passing reason (1 to 10)"},
		{name: "callback-url", member: "callbackUrl", usage: "`URL` to which the app posts the result"},
		{name: "type", member: "options.type", usage: "`what` to process: full, automatic, dataOnly, calculate, clearValues or defragment",
			words: []string{"full", "automatic", "dataOnly", "calculate", "clearValues", "defragment"}},
		{name: "commit-mode", member: "options.commitMode", usage: "transactional or partialBatch `mode`", words: []string{"transactional", "partialBatch"}},
		{name: "max-parallelism", member: "options.maxParallelism", usage: "`number` of threads that process in parallel"},
		{name: "retry-count", member: "options.retryCount", usage: "`number` of retries inside Power BI"},
		{name: "apply-refresh-policy", member: "options.applyRefreshPolicy", usage: "apply the incremental refresh policy: true or `false`", words: []string{"true", "false"}},
		{name: "effective-date", member: "options.effectiveDate", usage: "`date` that replaces today in an incremental refresh policy"},
		{name: "attempt-timeout", member: "options.timeout", usage: "`time` allowed for one attempt inside Power BI, such as 05:00:00"},
		{name: "notify", member: "options.notifyOption", usage: "`when` Power BI sends mail: noNotification, mailOnFailure or mailOnCompletion",
			words: []string{"noNotification", "mailOnFailure", "mailOnCompletion"}},
		{name: "idempotency-key", header: "Idempotency-Key", usage: "`key` of this request: the same key again returns the same operation"},
		{name: "client-request-id", header: "x-ms-client-request-id", usage: "`id` that the app's log and answer repeat"},
	}
}

// request collects what the caller wants.
type request struct {
	env        Environment
	file       string
	tables     []string
	partitions []string
	labels     []string
	values     map[string]*string // by flag
}

func (r *request) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&r.file, "file", "f", "", "`file` with the JSON body of the request; - for standard input. Other flags change its members")
	f.StringArrayVar(&r.tables, "table", nil, "`table` to refresh; repeat for several (default: the whole model)")
	f.StringArrayVar(&r.partitions, "partition", nil, "partition to refresh, as `TABLE/PARTITION`; repeat for several")
	f.StringArrayVar(&r.labels, "label", nil, "`text` by which the list of operations finds this one; repeat for several")
	r.values = map[string]*string{}
	for _, flag := range requestFlags() {
		r.values[flag.name] = f.String(flag.name, "", flag.usage)
		if flag.words != nil {
			completeWords(cmd, flag.name, flag.words...)
		}
	}
	_ = cmd.MarkFlagFilename("file", "json")
}

// header returns the headers of the request.
func (r *request) header(cmd *cobra.Command) http.Header {
	h := http.Header{}
	for _, flag := range requestFlags() {
		if flag.header != "" && cmd.Flags().Changed(flag.name) {
			h.Set(flag.header, *r.values[flag.name])
		}
	}
	return h
}

// body returns the JSON of the request. A file that no flag changes is sent as it is.
func (r *request) body(cmd *cobra.Command, model []string) ([]byte, error) {
	members, err := r.members(cmd)
	if err != nil {
		return nil, err
	}
	if len(model) == 2 {
		members["workspaceId"], members["datasetId"] = model[0], model[1]
	}
	if r.file == "" {
		if len(model) != 2 {
			return nil, usagef("WORKSPACE_ID and DATASET_ID are missing: pbirefresh %s", cmd.Use)
		}
		return json.Marshal(nested(map[string]any{}, members))
	}
	text, err := r.read()
	if err != nil || len(members) == 0 {
		return text, err
	}
	base := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&base); err != nil {
		return nil, usagef("%s is not a JSON object: %w", r.file, err)
	}
	return json.Marshal(nested(base, members))
}

func (r *request) read() ([]byte, error) {
	if r.file == "-" {
		return io.ReadAll(r.env.Stdin)
	}
	return os.ReadFile(r.file)
}

// members are what the flags set.
func (r *request) members(cmd *cobra.Command) (map[string]any, error) {
	members := map[string]any{}
	for _, flag := range requestFlags() {
		if flag.member != "" && cmd.Flags().Changed(flag.name) {
			members[flag.member] = *r.values[flag.name]
		}
	}
	if len(r.labels) > 0 {
		members["labels"] = r.labels
	}
	objects, err := r.objects()
	if len(objects) > 0 {
		members["options.objects"] = objects
	}
	return members, err
}

func (r *request) objects() ([]map[string]string, error) {
	var list []map[string]string
	for _, table := range r.tables {
		list = append(list, map[string]string{"table": table})
	}
	for _, text := range r.partitions {
		table, partition, ok := strings.Cut(text, "/")
		if !ok || table == "" || partition == "" {
			return nil, Usage(fmt.Errorf("--partition %q is not TABLE/PARTITION", text))
		}
		list = append(list, map[string]string{"table": table, "partition": partition})
	}
	return list, nil
}

// nested puts members with a dotted name into the object before the dot.
func nested(base, members map[string]any) map[string]any {
	for name, value := range members {
		outer, inner, ok := strings.Cut(name, ".")
		if !ok {
			base[name] = value
			continue
		}
		object, isObject := base[outer].(map[string]any)
		if !isObject {
			object = map[string]any{}
			base[outer] = object
		}
		object[inner] = value
	}
	return base
}

var errStdinTwice = errors.New("standard input is either the key (--key-stdin) or the body (-f -), not both")
