package release

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
)

// Build says how the files of a release were made.
type Build struct {
	Version    string
	Commit     string   // full hash; empty where there is no git
	Repository string   // its address; what looks like a credential is left out
	Go         string   // such as go1.26.8
	Platforms  []string // such as linux/amd64
	Command    string   // that repeats the build
	Builder    string   // who ran it: the address of a workflow, or "local"
}

// The statement is in-toto's, the predicate SLSA's.
// Source: https://slsa.dev/spec/v1.0/provenance, https://github.com/in-toto/attestation/tree/main/spec/v1.
const (
	statementType = "https://in-toto.io/Statement/v1"
	predicateType = "https://slsa.dev/provenance/v1"
	buildType     = "urn:pbirefresh:package:v1" // `make package`: go build -trimpath, staged and zipped with fixed times
)

type statement struct {
	Type          string    `json:"_type"`
	Subject       []subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     predicate `json:"predicate"`
}

type subject struct {
	Name   string `json:"name"`
	Digest digest `json:"digest"`
}

type digest struct {
	SHA256    string `json:"sha256,omitempty"`
	GitCommit string `json:"gitCommit,omitempty"`
}

type predicate struct {
	BuildDefinition buildDefinition `json:"buildDefinition"`
	RunDetails      runDetails      `json:"runDetails"`
}

type buildDefinition struct {
	BuildType            string         `json:"buildType"`
	ExternalParameters   map[string]any `json:"externalParameters"`
	InternalParameters   map[string]any `json:"internalParameters"`
	ResolvedDependencies []dependency   `json:"resolvedDependencies,omitempty"`
}

type dependency struct {
	URI    string `json:"uri"`
	Digest digest `json:"digest"`
}

type runDetails struct {
	Builder builder `json:"builder"`
}

type builder struct {
	ID string `json:"id"`
}

// Provenance states which files came out of which build.
func Provenance(b Build, files map[string][]byte) ([]byte, error) {
	s := statement{Type: statementType, PredicateType: predicateType, Predicate: predicate{
		BuildDefinition: buildDefinition{
			BuildType:            buildType,
			ExternalParameters:   map[string]any{"version": b.Version, "platforms": b.Platforms},
			InternalParameters:   map[string]any{"go": b.Go, "command": b.Command},
			ResolvedDependencies: b.source(),
		},
		RunDetails: runDetails{Builder: builder{ID: b.Builder}},
	}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		s.Subject = append(s.Subject, subject{Name: name, Digest: digest{SHA256: Digest(files[name])}})
	}
	return indented(s)
}

func (b Build) source() []dependency {
	if b.Commit == "" {
		return nil
	}
	return []dependency{{URI: "git+" + withoutCredentials(b.Repository), Digest: digest{GitCommit: b.Commit}}}
}

// withoutCredentials: the address of a remote may hold a token.
func withoutCredentials(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "pbirefresh" // git@host:path or a folder: nothing that others could fetch
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
