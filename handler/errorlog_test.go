package handler

import (
	"net/http"
	"strings"
	"testing"
)

// A key in the wrong place is quoted to whoever sent it, and is not in the log.
func TestWhatCallersSendIsNotLogged(t *testing.T) {
	t.Parallel()
	const pasted = "pasted-s3cret-key"
	for name, body := range map[string]string{
		"value":          `{"workspaceId":"` + pasted + `"}`,
		"field":          wholeModel(`"` + pasted + `":1`),
		"twice":          wholeModel(`"`+pasted+`":1`, `"`+pasted+`":2`),
		"word":           wholeModel(`"whenBusy":"` + pasted + `"`),
		"duration":       wholeModel(`"timeout":"` + pasted + `"`),
		"option":         wholeModel(`"options":{"type":"` + pasted + `"}`),
		"option's field": wholeModel(`"options":{"` + pasted + `":1}`),
		"object's field": wholeModel(`"options":{"objects":[{"table":"A","` + pasted + `":1}]}`),
		"no JSON":        pasted,
	} {
		b := newBench(t)
		if a := b.trigger(body); a.code != http.StatusBadRequest {
			t.Errorf("%s: HTTP %d", name, a.code)
		}
		if log := b.log.String(); strings.Contains(log, "pasted") || !strings.Contains(log, `"error":"Invalid`) {
			t.Errorf("%s: %s", name, log)
		}
	}
	b := newBench(t)
	b.trigger(wholeModel(), "Content-Type: "+pasted)
	b.do("GET", "/api/"+pasted, "")
	b.do("TRACE"+strings.ToUpper(pasted), "/api/x", "")
	b.log.holdsNone(t, "pasted", "PASTED")
}

// The field that is wrong is named, where its name is ours.
func TestTheLogNamesTheField(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.trigger(`{"workspaceId":"x","datasetId":"` + testDataset + `","x":1}`)
	if log := b.log.String(); !strings.Contains(log, "InvalidValue workspaceId") || !strings.Contains(log, "UnknownField") {
		t.Error(log)
	}
}
