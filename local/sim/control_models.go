package sim

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (ctl *Control) busy(r *http.Request) (any, error) {
	d, err := span(r, "for")
	if err != nil {
		return nil, err
	}
	via := cmp.Or(Via(r.URL.Query().Get("via")), ViaPortal)
	id, err := ctl.cloud.PowerBI.StartForeign(refOf(r), via, d)
	return map[string]string{"refresh": id}, err
}

func (ctl *Control) finish(r *http.Request) (any, error) {
	o := Outcome{}
	if class := r.URL.Query().Get("class"); class != "" {
		failed, err := Failure(FailureClass(class))
		if err != nil {
			return nil, err
		}
		o = failed
	}
	return "finished", ctl.cloud.PowerBI.Finish(refOf(r), r.URL.Query().Get("id"), o)
}

func (ctl *Control) failNext(r *http.Request) (any, error) {
	class := FailureClass(r.URL.Query().Get("class"))
	return "the next refresh fails: " + string(class), ctl.cloud.PowerBI.FailNext(refOf(r), class)
}

func (ctl *Control) refreshes(r *http.Request) (any, error) {
	return ctl.cloud.PowerBI.Refreshes(refOf(r))
}

func (ctl *Control) move(r *http.Request) (any, error) {
	on, err := strconv.ParseBool(cmp.Or(r.URL.Query().Get("on"), "true"))
	if err != nil {
		return nil, fmt.Errorf("on: %w", err)
	}
	return "moved", ctl.cloud.PowerBI.MoveWorkspace(r.PathValue("g"), on)
}

// set changes knobs by name: POST .../set?duration=30s&busy=queue.
func (ctl *Control) set(r *http.Request) (any, error) {
	query := r.URL.Query()
	var problem error
	err := ctl.cloud.PowerBI.Tune(refOf(r), func(k *Knobs) {
		changed := *k
		for name := range query {
			if problem = setKnob(&changed, name, query.Get(name)); problem != nil {
				return
			}
		}
		*k = changed
	})
	return "set", cmp.Or(err, problem)
}

// KnobNames lists the knobs that the control plane can set.
func KnobNames() []string { return slices.Sorted(maps.Keys(knobTable(&Knobs{}))) }

func setKnob(k *Knobs, name, value string) error {
	target, ok := knobTable(k)[strings.ToLower(name)]
	if !ok {
		return fmt.Errorf("unknown knob %q: use one of %v", name, KnobNames())
	}
	var err error
	switch p := target.(type) {
	case *time.Duration:
		*p, err = parseSpan(value)
	case *bool:
		*p, err = strconv.ParseBool(value)
	case *int:
		*p, err = strconv.Atoi(value)
	case *string:
		*p = value
	case *BusyMode:
		*p, err = BusyMode(value), oneOf(value, "", "409", "bare", "queue", "drop")
	case *IDHeaders:
		*p, err = IDHeaders(value), oneOf(value, "", "location", "x-ms-request-id", "requestid")
	case *[]string:
		*p = strings.Split(value, ",")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func oneOf(value string, values ...string) error {
	if slices.Contains(values, value) {
		return nil
	}
	return fmt.Errorf("%q is none of %q", value, values)
}

func knobTable(k *Knobs) map[string]any {
	return map[string]any{
		"duration": &k.Duration, "startdelay": &k.StartDelay, "stuck": &k.Stuck, "busy": &k.Busy,
		"dailylimit": &k.DailyLimit, "quotaatmidnight": &k.QuotaAtMidnight, "push": &k.Push, "idheaders": &k.IDHeaders, "keeprequestid": &k.KeepRequestID,
		"listafter": &k.ListAfter, "vanishafter": &k.VanishAfter, "renumberrows": &k.RenumberRows,
		"omitrequestid": &k.OmitRequestID, "omitextendedstatus": &k.OmitExtendedStatus, "inprogressword": &k.InProgressWord,
		"runningword": &k.RunningWord, "endword": &k.EndWord, "barehistory": &k.BareHistory, "canceltakes": &k.CancelTakes,
		"ignorecancel": &k.IgnoreCancel, "standarddetailrefused": &k.StandardDetailRefused, "refusemail": &k.RefuseMail,
		"tables": &k.Tables,
	}
}
