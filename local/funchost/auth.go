package funchost

import "crypto/subtle"

// keyHeader wins over the query's code.
const keyHeader = "X-Functions-Key"

type keys struct{ function, master string }

// given returns the key of a request, or "". Only the first value counts, and a
// header wins over the query even if it is empty (seen on a host 4.1037).
func given(r *request) string {
	if values := r.header.values(keyHeader); len(values) > 0 {
		return values[0]
	}
	return parseQuery(r.target.query).first("code")
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (k keys) isMaster(r *request) bool { return same(given(r), k.master) }

// allow reports whether a request may call a function of that level.
func (k keys) allow(level AuthLevel, r *request) bool {
	switch level {
	case Anonymous:
		return true
	case FunctionLevel:
		return same(given(r), k.function) || k.isMaster(r)
	case Admin:
		return k.isMaster(r)
	default:
		return false
	}
}
