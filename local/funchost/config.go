package funchost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// overridePrefix starts the environment variables that change any value of
// host.json, "__" standing for a level.
const overridePrefix = "AzureFunctionsJobHost__"

// A config is a JSON document as .NET configuration sees it: flat, the path of a
// value as key ("customhandler:description:arguments:0"), case not counting.
type config map[string]string

func parseConfig(document []byte) (config, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var root map[string]any
	if err := decoder.Decode(&root); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the document")
	}
	c := make(config)
	c.flatten("", root)
	return c, nil
}

func (c config) flatten(path string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, child := range v {
			c.flatten(path+":"+strings.ToLower(key), child)
		}
	case []any:
		for i, child := range v {
			c.flatten(path+":"+strconv.Itoa(i), child)
		}
	case nil:
	default:
		c[strings.TrimPrefix(path, ":")] = fmt.Sprint(v)
	}
}

// override applies the app settings that address host.json.
func (c config) override(settings map[string]string) {
	for name, value := range settings {
		if len(name) > len(overridePrefix) && strings.EqualFold(name[:len(overridePrefix)], overridePrefix) {
			path := strings.ReplaceAll(name[len(overridePrefix):], "__", ":")
			c[strings.ToLower(path)] = value
		}
	}
}

// text returns a value, or "".
func (c config) text(path string) string { return c[strings.ToLower(path)] }

// list returns the elements of an array.
func (c config) list(path string) []string {
	var values []string
	for i := 0; ; i++ {
		value, found := c[strings.ToLower(path)+":"+strconv.Itoa(i)]
		if !found {
			return values
		}
		values = append(values, value)
	}
}

// has reports whether there is anything at or below path.
func (c config) has(path string) bool {
	path = strings.ToLower(path)
	for key := range c {
		if key == path || strings.HasPrefix(key, path+":") {
			return true
		}
	}
	return false
}

func (c config) flag(path string, otherwise bool) (bool, error) {
	value := c.text(path)
	if value == "" {
		return otherwise, nil
	}
	b, err := strconv.ParseBool(strings.ToLower(value))
	if err != nil {
		return false, fmt.Errorf("%s is %q, must be true or false", path, value)
	}
	return b, nil
}

func (c config) duration(path string, otherwise time.Duration) (time.Duration, error) {
	value := c.text(path)
	if value == "" {
		return otherwise, nil
	}
	d, err := parseTimeSpan(value)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}
