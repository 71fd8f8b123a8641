package refresh

import (
	"encoding/base64"
	"testing"
	"time"

	"pbirefresh/refresh/machine"
)

// What callers hold, and what names their records, outlives the version that made it:
// a request that is sent again during a roll-out is the same request, and a status URL
// of last week opens. Who has to change a text here has broken them.
func TestKeysAndIDsOfEarlierVersions(t *testing.T) {
	t.Parallel()
	no, n := false, 7
	everything := machine.Ask{
		Shape: machine.Shape{Kind: machine.Enhanced, Type: "Full", CommitMode: "PartialBatch", ApplyPolicy: &no, EffectiveDate: "2026-05-31",
			Objects: []machine.Object{{Table: "Sales", Partition: "2026"}, {Table: "Stock"}}},
		Tuning: machine.Tuning{MaxParallelism: &n, RetryCount: &n, Timeout: "05:00:00"}, WhenBusy: machine.WhenBusyJoin,
		Timeout: time.Hour, QueueTimeout: time.Minute, MaxAttempts: 3,
	}
	for name, tc := range map[string]struct {
		ask  machine.Ask
		want machine.Key
	}{
		"the least":  {machine.Ask{Shape: machine.Shape{Kind: machine.Auto}}, machine.Key{Name: "026204d3c26ac009d51f12b84f0dcadc", Payload: "2f2945c23536caae3b7ba78835ad7cc7"}},
		"everything": {everything, machine.Key{Name: "026204d3c26ac009d51f12b84f0dcadc", Payload: "fadb7d2d4c738b915544ce93207b7b2b"}},
	} {
		if got := machine.NewKey("header", "k", testModel, tc.ask); got != tc.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	// A status URL outlives one upgrade, and works while both versions run.
	want := access{ID: ID{Model: testModel, Epoch: "0123456789abcdef", Number: 42}, Nonce: "0123456789abcdef0123456789abcdef"}
	secret := []byte("a secret of thirty-two bytes ...")
	keys, err := decodeKeys([]byte(`{"key":"` + base64.StdEncoding.EncodeToString(secret) + `"}`)) // as e68e96d wrote it
	if err != nil {
		t.Fatal(err)
	}
	l := Link{ID: testModel.WorkspaceID + "_" + testModel.DatasetID + "_0123456789abcdef_42", Sig: "AQABASNFZ4mrze8BI0VniavN79zh63BwcqKYSyZDfOBkMk8"}
	if got, err := keys.verify(l); err != nil || got != want {
		t.Errorf("verify(%+v) = %+v, %v, want %+v", l, got, err, want)
	}
}
