package main

import (
	"slices"
	"strings"
	"testing"
)

// planted stands for the secret in a value, wherever somebody pasted it.
const planted = "Zq7xW9Kv3LmT"

// FuzzSettings: whatever is in two of the settings, reading them does not panic, and
// no problem repeats six bytes of what may be a secret.
func FuzzSettings(f *testing.F) {
	names := slices.DeleteFunc(documented(), func(name string) bool {
		return strings.HasSuffix(name, "_FILE") // opens what it names: a fuzzer would find devices
	})
	for i := range names {
		for _, value := range []string{"", "x", "https://u:p@h.example.com:1/?q#f", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=k;",
			"30s", "10.0.0.0/8,fd00::/8", aGUID, "%zz", "a=b;=;;c", "1/1m"} {
			f.Add(uint8(i), value, uint8(i+1), ";", uint8(0)) //nolint:gosec // some dozens
		}
	}
	f.Fuzz(func(t *testing.T, one uint8, v string, two uint8, w string, at uint8) {
		changes := map[string]string{"STATE_STORAGE": "-"}
		changes[names[int(one)%len(names)]] = plant(v, at)
		changes[names[int(two)%len(names)]] = plant(w, at)
		_, err := readSettings(environ(t, changes).get)
		if err == nil {
			return
		}
		for i := range len(planted) - 5 {
			if strings.Contains(err.Error(), planted[i:i+6]) {
				t.Fatalf("a problem repeats what may be a secret: %v\nof %q", err, changes)
			}
		}
	})
}

// plant puts the secret into a value.
func plant(v string, at uint8) string {
	i := int(at) % (len(v) + 1)
	return v[:i] + planted + v[i:]
}
