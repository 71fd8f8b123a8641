package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"pbirefresh/internal/stage"
)

// change replaces what is there exactly once.
type change struct{ file, old, new string }

// nextVersion makes of this tree the version after it, with testdata/next: it keeps
// members in the state document, its operations, attempts and tries that this version
// does not know, and checks at every read that none was lost.
var nextVersion = []change{
	{"refresh/machine/format.go", "\tSchema = 3\n", "\tSchema = 4\n"},
	{"refresh/machine/state.go", "type State struct {\n", "type State struct {\n\tLaps Laps `json:\"laps,omitzero\"`\n"},
	{"refresh/machine/operation.go", "type Operation struct {\n", "type Operation struct {\n\tLap int64 `json:\"lap,omitempty\"`\n"},
	{"refresh/machine/operation.go", "type Try struct {\n", "type Try struct {\n\tLap int64 `json:\"lap,omitempty\"`\n"},
	{"refresh/machine/attempt.go", "type Attempt struct {\n", "type Attempt struct {\n\tLap int64 `json:\"lap,omitempty\"`\n"},
	{"refresh/machine/codec.go", "return s, s.check()\n", "return s, s.checkLaps()\n"},
	{"refresh/machine/codec.go", "Stamp(txn string) {\n", "Stamp(txn string) {\n\ts.lap()\n"},
	{"refresh/step.go", "\ts.state = next\n", "\ts.state = next\n\ts.q.log.Info(\"next version wrote\", \"lap\", s.state.Laps.Count, \"lapOf\", s.q.model.String())\n"},
}

// demands makes of the next version one whose documents today's must not touch.
var demands = change{"refresh/machine/format.go", "\tMinReader = 2\n", "\tMinReader = 4\n"}

// nextDist and demandingDist are the staged apps of next versions.
var (
	nextDist      = sync.OnceValues(func() (string, error) { return stageNext(nextVersion) })
	demandingDist = sync.OnceValues(func() (string, error) { return stageNext(append(slices.Clone(nextVersion), demands)) })
)

// stageNext builds this tree with changes, and stages it.
func stageNext(changes []change) (string, error) {
	dir, err := os.MkdirTemp(filepath.Dir(dist), "next-")
	if err != nil {
		return "", err
	}
	overlay, err := writeOverlay(dir, changes)
	if err != nil {
		return "", err
	}
	exe := filepath.Join(dir, executable())
	if err := build("../..", exe, "next", "-overlay", overlay); err != nil {
		return "", err
	}
	return filepath.Join(dir, "dist"), stage.Stage("../..", filepath.Join(dir, "dist"), exe)
}

// writeOverlay writes the changed files, and the list of them for go build.
func writeOverlay(dir string, changes []change) (string, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return "", err
	}
	added, err := filepath.Abs("testdata/next/laps.go")
	if err != nil {
		return "", err
	}
	replace := map[string]string{filepath.Join(root, "refresh", "machine", "laps.go"): added}
	texts := map[string]string{}
	for _, c := range changes {
		if err := c.apply(root, texts); err != nil {
			return "", err
		}
	}
	for file, text := range texts {
		to := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, filepath.FromSlash(file))] = to
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	name := filepath.Join(dir, "overlay.json")
	return name, errors.Join(err, os.WriteFile(name, list, 0o600))
}

func (c change) apply(root string, texts map[string]string) error {
	if texts[c.file] == "" {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(c.file)))
		if err != nil {
			return err
		}
		texts[c.file] = string(text)
	}
	if n := strings.Count(texts[c.file], c.old); n != 1 {
		return fmt.Errorf("%s has %q %d times, want once: the list of changes must follow the code", c.file, c.old, n)
	}
	texts[c.file] = strings.Replace(texts[c.file], c.old, c.new, 1)
	return nil
}
