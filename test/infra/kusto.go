package checks

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
)

// kustoQuery is what Microsoft's parser found in a query: tools/kql/parse.js.
type kustoQuery struct {
	Errors  []string            `json:"errors"`
	Columns map[string]string   `json:"columns"`
	Members []string            `json:"members"`
	Equal   map[string][]string `json:"equal"`
}

// kusto is the parser: one process, which ends with this one, and what it answered.
type kusto struct {
	mu     sync.Mutex
	in     *json.Encoder
	out    *json.Decoder
	parsed map[string]kustoQuery
}

var startKusto = sync.OnceValues(func() (*kusto, error) {
	const folder = "../../tools/kql"
	if _, err := os.Stat(folder + "/node_modules/@kusto/language-service-next/package.json"); err != nil {
		return nil, fmt.Errorf("the parser of Kusto queries is not installed: run make tools (%w)", err)
	}
	cmd := exec.Command("node", folder+"/parse.js")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &kusto{in: json.NewEncoder(in), out: json.NewDecoder(out), parsed: map[string]kustoQuery{}}, cmd.Start()
})

func parseKusto(query string) (kustoQuery, error) {
	k, err := startKusto()
	if err != nil {
		return kustoQuery{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if known, ok := k.parsed[query]; ok {
		return known, nil
	}
	if err := k.in.Encode(query); err != nil {
		return kustoQuery{}, err
	}
	var q kustoQuery
	if err := k.out.Decode(&q); err != nil {
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("tools/kql/parse.js ended at the query %q", query)
		}
		return kustoQuery{}, err
	}
	k.parsed[query] = q
	return q, nil
}
