package bloblease

import (
	"net/http"
	"testing"
	"testing/synctest"

	"pbirefresh/lease"
	"pbirefresh/lease/leasetest"
)

// TestOutcomes is the table in the package documentation, answer by answer.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	type want = map[leasetest.Op]error
	for _, row := range []struct {
		name   string
		status int
		code   string
		want   want
	}{
		{"absent document", 404, "BlobNotFound", want{
			"Read": lease.ErrNotFound, "Acquire": lease.ErrNotFound, "Write": lease.ErrLost, "Create": errNotDone, "List": errNotDone}},
		{"another has the lease", 409, "LeaseAlreadyPresent", want{"Acquire": lease.ErrHeld}},
		{"lease is breaking", 409, "LeaseIsBreakingAndCannotBeAcquired", want{"Acquire": lease.ErrHeld}},
		{"document exists", 409, "BlobAlreadyExists", want{"Create": lease.ErrExists}},
		{"document exists, leased", 412, "LeaseIdMissing", want{"Create": lease.ErrExists}},
		{"document exists, by condition", 412, "ConditionNotMet", want{"Create": lease.ErrExists, "Write": lease.ErrLost}},
		{"lease of another", 412, "LeaseIdMismatchWithBlobOperation", want{"Write": lease.ErrLost}},
		{"lease of another, older table", 409, "LeaseIdMismatchWithBlobOperation", want{"Write": lease.ErrLost}},
		{"lease expired", 412, "LeaseNotPresentWithBlobOperation", want{"Write": lease.ErrLost}},
		{"lease lost", 412, "LeaseLost", want{"Write": lease.ErrLost}},
		{"release without a lease", 409, "LeaseNotPresentWithLeaseOperation", want{"Release": nil, "Ping": nil}},
		{"release of another's lease", 409, "LeaseIdMismatchWithLeaseOperation", want{"Release": nil, "Ping": nil}},
		{"release by condition", 412, "ConditionNotMet", want{"Release": nil}},
		{"release of what is gone", 404, "BlobNotFound", want{"Release": nil, "Ping": nil}},
		{"release in no container", 404, "ContainerNotFound", want{"Release": nil}},
		{"delete of what is gone", 404, "BlobNotFound", want{"Delete": nil}},
		{"delete in no container", 404, "ContainerNotFound", want{"Delete": nil}},
		{"delete of another version", 412, "ConditionNotMet", want{"Delete": lease.ErrLost}},
		{"delete of what is leased", 412, "LeaseIdMissing", want{"Delete": lease.ErrLost}},
		{"delete of what has snapshots", 409, "SnapshotsPresent", want{"Delete": errNotDone}},
		{"code unknown", 409, "SomethingNew", want{"Create": lease.ErrExists, "Acquire": lease.ErrHeld, "Write": lease.ErrLost, "Release": nil}},
		{"no code", 412, "", want{"Create": lease.ErrExists, "Acquire": lease.ErrHeld, "Write": lease.ErrLost, "Release": nil}},
		{"container goes away", 409, "ContainerBeingDeleted", every(errNotDone)},
		{"immutable", 409, "BlobImmutableDueToPolicy", want{"Write": errNotDone, "Create": errNotDone}},
		{"forbidden", 403, "AuthorizationPermissionMismatch", every(errNotDone)},
		{"no permission, no code", 403, "", every(errNotDone)},
		{"unauthorised", 401, "InvalidAuthenticationInfo", every(errNotDone)},
		{"bad request", 400, "InvalidHeaderValue", every(errNotDone)},
		{"too large", 413, "RequestBodyTooLarge", want{"Write": errNotDone, "Create": errNotDone}},
		{"throttled by count", 429, "", every(errNotDone)},
		{"busy", 503, "ServerBusy", unknownWrites()},
		{"timed out inside", 500, "OperationTimedOut", unknownWrites()},
		{"gateway", 502, "", unknownWrites()},
		{"request time-out", 408, "", unknownWrites()},
		{"redirect", 307, "", unknownWrites()},
		{"wrong success", 204, "", want{"Write": lease.ErrUnknown, "Create": lease.ErrUnknown, "Read": errNotDone, "Acquire": errNotDone}},
	} {
		for op, outcome := range row.want {
			t.Run(row.name+"/"+string(op), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					store, _ := openStub(t, always(row.status, row.code))
					err := operations[op](t.Context(), store)
					if !comesTo(err, outcome) {
						t.Fatalf("%s answered %d %s: %v, want %v", op, row.status, row.code, err, outcome)
					}
				})
			})
		}
	}
}

func every(err error) map[leasetest.Op]error {
	want := make(map[leasetest.Op]error)
	for op := range operations {
		want[op] = err
	}
	return want
}

// unknownWrites is an answer after which a write may have landed.
func unknownWrites() map[leasetest.Op]error {
	want := every(errNotDone)
	want[leasetest.OpCreate], want[leasetest.OpWrite] = lease.ErrUnknown, lease.ErrUnknown
	return want
}

// TestSuccessIsRead checks what an operation takes from a good answer.
func TestSuccessIsRead(t *testing.T) {
	t.Parallel()
	for op, status := range map[leasetest.Op]int{
		leasetest.OpRead: http.StatusOK, leasetest.OpCreate: http.StatusCreated, leasetest.OpAcquire: http.StatusCreated,
		leasetest.OpWrite: http.StatusCreated, leasetest.OpRelease: http.StatusOK, leasetest.OpDelete: http.StatusAccepted, leasetest.OpPing: http.StatusOK,
	} {
		store, transport := openStub(t, always(status, ""))
		if err := operations[op](t.Context(), store); err != nil {
			t.Errorf("%s: %v", op, err)
		}
		if sent := transport.Sent(); len(sent) != 1 {
			t.Errorf("%s: requests %v, want one", op, sent)
		}
	}
}

// TestIncompleteAnswers: what a proxy may take away is never guessed.
func TestIncompleteAnswers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		op     leasetest.Op
		status int
		header string
		value  string
		want   error
	}{
		{"write without ETag", leasetest.OpWrite, 201, "Etag", "", lease.ErrUnknown},
		{"create without ETag", leasetest.OpCreate, 201, "Etag", "", lease.ErrUnknown},
		{"write with an empty ETag", leasetest.OpWrite, 201, "Etag", `""`, lease.ErrUnknown},
		{"write with a broken date", leasetest.OpWrite, 201, "Last-Modified", "yesterday", lease.ErrUnknown},
		{"write without a date", leasetest.OpWrite, 201, "Date", "", nil},
		{"read without ETag", leasetest.OpRead, 200, "Etag", "", errNotDone},
		{"read without Date", leasetest.OpRead, 200, "Date", "", errNotDone},
		{"acquire without ETag", leasetest.OpAcquire, 201, "Etag", "", errNotDone},
		{"acquire without Date", leasetest.OpAcquire, 201, "Date", "", errNotDone},
		{"list without Date", leasetest.OpList, 200, "Date", "", errNotDone},
		{"list of no container without Date", leasetest.OpList, 404, "Date", "", errNotDone},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			store, _ := openStub(t, func(req *http.Request) (*http.Response, error) {
				resp := reply(req, row.status, "", "")
				if row.status == 404 {
					resp.Header.Set("X-Ms-Error-Code", codeContainerMissing)
				}
				resp.Header.Del(row.header)
				if row.value != "" {
					resp.Header.Set(row.header, row.value)
				}
				return resp, nil
			})
			if err := operations[row.op](t.Context(), store); !comesTo(err, row.want) {
				t.Fatalf("%v, want %v", err, row.want)
			}
		})
	}
}
