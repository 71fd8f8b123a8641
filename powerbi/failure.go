package powerbi

import (
	"cmp"
	"slices"
	"strings"

	"pbirefresh/internal/foreign"
)

// FailureClass is the kind of reason for which a refresh ended without success.
type FailureClass string

// The classes.
const (
	FailCredentials FailureClass = "credentials" // of the data source: missing, wrong, expired
	FailGateway     FailureClass = "gateway"     // the on-premises gateway cannot be used
	FailSource      FailureClass = "source"      // the data source, or its data
	FailModel       FailureClass = "model"       // the model does not fit the data or the request
	FailMemory      FailureClass = "memory"      // the model needs more than it may have
	FailCapacity    FailureClass = "capacity"    // the capacity has no room for this refresh now
	FailThrottled   FailureClass = "throttled"   // the service or the source slowed the refresh down
	FailEvicted     FailureClass = "evicted"     // the model was pushed out of memory meanwhile
	FailTimeout     FailureClass = "timeout"     // the refresh or a query took too long
	FailCancelled   FailureClass = "cancelled"   // it was cancelled
	FailInternal    FailureClass = "internal"    // Power BI's own
	FailUnknown     FailureClass = "unknown"     // Power BI gave no known reason
)

// Failure is why a refresh ended without success.
type Failure struct {
	Class     FailureClass
	Code      string // Power BI's innermost code, if any
	Message   string // Power BI's most specific words; one line
	Cause     string // the class in words
	Remedy    string // what to do
	Support   string // for Power BI's support: HRESULT, cluster, ids of activity and request
	Transient bool   // a repeat without any change may succeed
	Late      bool   // not transient, but one repeat after some minutes may succeed
}

// ParseFailure reads a serviceExceptionJson. It accepts any text; one that it cannot
// classify is [FailUnknown].
func ParseFailure(serviceExceptionJSON string) Failure {
	return readException(serviceExceptionJSON).failure()
}

// failureOf returns why a refresh failed, nil if it did not. Engine messages are the most
// specific, then the last attempt, then the whole row; the first that can be classified
// wins. Earlier attempts did not end the refresh and are ignored.
func failureOf(s Status, w wireRow) *Failure {
	if r := s.Result(); r == InProgress || r == Succeeded {
		return nil
	}
	explained := explain(w)
	if f := fixedFailure(s); f != nil {
		f.Code, f.Message, f.Support = explained.Code, explained.Message, explained.Support
		return f
	}
	return &explained
}

// fixedFailure returns the failure of a status that is itself the reason.
func fixedFailure(s Status) *Failure {
	switch s {
	case StatusCancelled:
		return new(describe(rule{class: FailCancelled, cause: "the refresh was cancelled",
			remedy: "find out who cancelled it, and start it again"}))
	case StatusTimedOut:
		return new(describe(rule{class: FailTimeout, cause: "the refresh took longer than its time-out",
			remedy: "raise timeout (at most 23:59:59 an attempt), refresh fewer tables at a time, or use incremental refresh"}))
	case StatusDisabled:
		return new(describe(rule{class: FailModel, cause: "refresh is disabled for these objects by a selective refresh",
			remedy: "enable refresh for the tables in the model"}))
	case StatusUnknown, StatusNotStarted, StatusInProgress, StatusCompleted, StatusFailed:
		return nil
	default:
		return nil
	}
}

func explain(w wireRow) Failure {
	best := Failure{}
	for _, e := range w.exceptions() {
		f := e.failure()
		if f.Class != FailUnknown && f.Class != FailInternal {
			return f
		}
		if best.Class == "" || (best.Class == FailUnknown && f.Class == FailInternal) {
			best = f
		}
	}
	return cmp.Or(best, exception{}.failure())
}

func (w wireRow) exceptions() []exception {
	var out []exception
	for _, m := range w.Messages {
		if !m.warning() {
			e := readException(string(m.Message))
			e.code(string(m.Code), 0)
			out = append(out, e)
		}
	}
	for i := len(w.Attempts) - 1; i >= 0; i-- {
		if s := w.Attempts[i].ServiceExceptionJSON; s != "" {
			out = append(out, readException(string(s)))
			break
		}
	}
	if w.ServiceExceptionJSON != "" {
		out = append(out, readException(string(w.ServiceExceptionJSON)))
	}
	return out
}

// failure classifies by a specific code, then by the innermost text, then by a code that
// covers faults of every kind. The wrapper's own words count only if it wraps nothing.
func (e exception) failure() Failure {
	codes, texts := innermost(e.codes), innermost(e.texts)
	specific := slices.DeleteFunc(slices.Clone(texts), func(t finding) bool { return wrapper(t.words) })
	r, found := firstRule(codeRules(), codes)
	if !found {
		r, found = firstRule(rules(), specific)
	}
	if !found {
		r, found = firstRule(unspecificRules(), codes)
	}
	if len(specific) == 0 { // the wrapper's words are better than none
		specific = slices.DeleteFunc(texts, func(t finding) bool { return bareWrapper.MatchString(t.words) })
	}
	switch {
	case found:
	case len(specific) > 0 && wrapper(specific[0].words):
		r = internalRule()
	default:
		r = unknownRule(len(specific) > 0 || len(codes) > 0)
	}
	f := describe(r).with(codes, specific)
	f.Support = foreign.Masked(strings.Join(e.support, "; "), maxSupport)
	return f
}

// firstRule returns the first rule that matches the innermost words, else those around them.
func firstRule(rules []rule, all []finding) (rule, bool) {
	for _, group := range depths(all) {
		for _, r := range rules {
			if slices.ContainsFunc(group, func(s finding) bool { return r.matches(strings.ToLower(s.words)) }) {
				return r, true
			}
		}
	}
	return rule{}, false
}

// depths groups words that were found equally deep.
func depths(all []finding) [][]finding {
	var groups [][]finding
	for i, s := range all {
		if i == 0 || all[i-1].depth != s.depth {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], s)
	}
	return groups
}

func describe(r rule) Failure {
	return Failure{Class: r.class, Cause: r.cause, Remedy: r.remedy, Transient: r.transient, Late: r.late()}
}

// with adds Power BI's innermost code and its texts, the innermost first.
func (f Failure) with(codes, texts []finding) Failure {
	if len(codes) > 0 {
		f.Code = codes[0].words
	}
	var words []string
	for _, t := range texts {
		if !slices.Contains(words, t.words) {
			words = append(words, t.words)
		}
	}
	f.Message = foreign.Masked(strings.Join(words, " "), maxMessage)
	if why := signIn(strings.ToLower(f.Message)); why != "" && f.Class == FailCredentials {
		f.Remedy = signInAgain + ": " + why
	}
	return f
}
