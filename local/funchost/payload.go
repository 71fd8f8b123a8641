package funchost

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// ErrHangs says that the handler answered a timer with 2xx and no JSON value. The real
// host takes that for an invocation that is not over: it hangs until
// functionTimeout, and then kills the handler. The fake reports it at once
// instead.
var ErrHangs = errors.New("2xx with an empty body or null: the host would hang until functionTimeout and then kill the handler; answer {}")

// dotNetTime is how Newtonsoft writes a DateTimeOffset in UTC.
const dotNetTime = "2006-01-02T15:04:05.9999999-07:00"

// invokeTimer sends a timer function its payload, and logs what comes of it.
func (h *Host) invokeTimer(t *timer, r run) error {
	var status *timerStatus
	if t.monitor {
		recorded := h.statuses.get(t.function.Name)
		status = &recorded
	}
	payload, err := timerPayload(t.function, status, r, time.Now())
	if err != nil {
		return err
	}
	invocation := newGUID()
	return h.invoke(t.function, invocation, func(ctx context.Context, to *worker) error {
		answer, err := post(ctx, to, t.function.Name, payload, invocation)
		if err != nil {
			return err
		}
		logs, err := answer.outcome()
		for _, line := range logs {
			h.logger.Info(line, "category", "Function."+t.function.Name+".User", "invocationId", invocation)
		}
		return err
	})
}

// post sends an invocation as JSON, with nothing but the headers of the host
// (seen on a host 4.1037).
func post(ctx context.Context, to *worker, name string, payload []byte, invocation string) (*answer, error) {
	return to.client.send(ctx, message{
		method: http.MethodPost, target: "/" + name, body: payload,
		header: append(addHeaders(fields{{"Host", to.address}}, invocation),
			field{"Content-Type", "application/json; charset=utf-8"}, field{"Content-Length", strconv.Itoa(len(payload))}),
	})
}

// A run is why a timer function runs.
type run struct {
	pastDue bool
	input   *string // of a run that was started by hand; else nil
}

type (
	payload struct {
		Data     map[string]timerInfo
		Metadata map[string]any
	}
	timerInfo struct {
		Schedule struct {
			AdjustForDST bool
		}
		ScheduleStatus *scheduleStatus
		IsPastDue      bool
	}
	scheduleStatus struct{ Last, Next, LastUpdated string }
	sysInfo        struct {
		MethodName string
		UtcNow     string
		RandGUID   string `json:"RandGuid"`
	}
)

// timerPayload is the body of a timer invocation; status is nil without a
// monitor. A run that was started by hand has the binding in its metadata, too.
func timerPayload(f *Function, status *timerStatus, r run, now time.Time) ([]byte, error) {
	info := timerInfo{IsPastDue: r.pastDue}
	info.Schedule.AdjustForDST = true
	if status != nil {
		info.ScheduleStatus = &scheduleStatus{
			Last:        status.Last.UTC().Format(dotNetTime),
			Next:        status.Next.UTC().Format(dotNetTime),
			LastUpdated: status.LastUpdated.UTC().Format(dotNetTime),
		}
	}
	p := payload{Data: map[string]timerInfo{f.Timer.Binding: info}, Metadata: map[string]any{
		"sys": sysInfo{MethodName: f.Name, UtcNow: now.UTC().Format(time.RFC3339Nano), RandGUID: newGUID()},
	}}
	if r.input != nil {
		p.Metadata[f.Timer.Binding] = *r.input
	}
	return json.Marshal(p)
}

// outcome judges the answer to a JSON invocation. The logs are the handler's
// own, and only a success has them.
func (a *answer) outcome() (logs []string, err error) {
	body := bytes.Trim(a.body, " \t\r\n") // what JSON calls space, no more: the host may be stricter than Go
	switch {
	case a.status < 200 || a.status > 299:
		return nil, fmt.Errorf("response status code does not indicate success: %d (%s); body and Logs are ignored", a.status, http.StatusText(a.status))
	case len(body) == 0, bytes.Equal(body, []byte("null")):
		return nil, ErrHangs
	case !isJSONType(a.header.get("Content-Type")):
		return nil, fmt.Errorf("invalid HttpResponseMessage: Content-Type is %q, must be application/json", a.header.get("Content-Type"))
	}
	var result struct {
		Outputs     map[string]any
		Logs        []string
		ReturnValue any
	}
	if err := json.Unmarshal(body, &result); err != nil {
		return nil, fmt.Errorf("invalid JSON in the answer: %w: %.200q", err, body)
	}
	return result.Logs, nil
}

func isJSONType(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && (mediaType == "application/json" || mediaType == "text/json")
}
