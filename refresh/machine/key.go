package machine

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"time"
)

// Key makes a request repeatable: what arrives under one key is one request, however
// often it arrives. The zero Key is that of a caller who sent none. See [NewKey].
type Key struct {
	Name    string // 32 hex digits, which key it is; the client's own text is not stored
	Payload string // 32 hex digits, what was asked for with it
	Ticket  Ticket // of its claim, once that is made; zero: an earlier version made it
}

// Bounds of a mark, which is what the document keeps of a key without a ticket: its name
// and enough of its payload to notice that another request uses it.
const (
	KeyName = 32
	keyMark = KeyName + 8
)

func (k Key) mark() string {
	if k == (Key{}) {
		return ""
	}
	return k.Name + k.Payload[:keyMark-KeyName]
}

// NewKey names what a client calls text, among the keys of one scope: a kind of
// header, or whatever else has keys of its own. The same text in two scopes are two
// keys. The request that it stands for is told apart by model and ask, as the caller
// gave them: what was left out counts as left out, so that another default tomorrow
// does not make it another request.
func NewKey(scope, text string, m Model, ask Ask) Key {
	return Key{Name: digest([]byte(scope + "\x00" + text)), Payload: digest(payloadOf(m, ask))}
}

// payload is a request in a form that a later version writes alike: what is added to
// it must be left out when it is zero.
type payload struct {
	Model        Model         `json:"model"`
	Shape        Shape         `json:"shape"`
	Tuning       Tuning        `json:"tuning,omitzero"`
	WhenBusy     WhenBusy      `json:"whenBusy,omitzero"`
	Timeout      time.Duration `json:"timeout,omitzero"`
	QueueTimeout time.Duration `json:"queueTimeout,omitzero"`
	MaxAttempts  int           `json:"maxAttempts,omitzero"`
	NotifyOption string        `json:"notifyOption,omitzero"`
}

func payloadOf(m Model, a Ask) []byte {
	b, err := json.Marshal(payload{m, a.Shape, a.Tuning, a.WhenBusy, a.Timeout, a.QueueTimeout, a.MaxAttempts, a.NotifyOption})
	if err != nil {
		panic(err) // strings and numbers
	}
	return b
}

// OwnerMark is what the document has of an owner, whose name may be derived from a key.
func OwnerMark(owner string) string {
	if owner == "" {
		return ""
	}
	return digest([]byte("owner\x00" + owner))[:16]
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:KeyName/2])
}

var keyPattern = regexp.MustCompile(`^[0-9a-f]{32}$`)

// Valid reports whether the key was made by NewKey: it becomes part of names.
func (k Key) Valid() bool { return keyPattern.MatchString(k.Name) && keyPattern.MatchString(k.Payload) }

// Nonce is the caller's part of the id. It follows from the key, so that every answer
// to it carries the same id; who does not know the secret learns nothing from it.
func (k Key) Nonce(secret []byte) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("nonce of " + k.Name))
	return hex.EncodeToString(h.Sum(nil)[:16])
}
