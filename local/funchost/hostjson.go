package funchost

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

const (
	defaultInitializationTimeout = 30 * time.Second // azure-functions-host, source; the documentation says 60 s
	defaultFunctionTimeout       = 30 * time.Minute // documented: every plan but Consumption
	defaultRoutePrefix           = "api"
)

// HostSettings is what the fake obeys of host.json.
type HostSettings struct {
	Executable            string // absolute path
	Arguments             []string
	WorkingDirectory      string // absolute path
	ErrorsOnly            bool   // useStdErrorStreamForErrorsOnly
	Forwarding            bool   // enableForwardingHttpRequest
	InitializationTimeout time.Duration
	FunctionTimeout       time.Duration // 0: none
	RoutePrefix           string        // without slashes at its ends; "" for none
}

func loadHostSettings(root string, settings map[string]string) (HostSettings, error) {
	document, err := os.ReadFile(filepath.Join(root, "host.json"))
	if err != nil {
		return HostSettings{}, err
	}
	c, err := parseConfig(document)
	if err != nil {
		return HostSettings{}, fmt.Errorf("not valid JSON: %w", err)
	}
	c.override(settings)
	if err := refuseUnsupported(c); err != nil {
		return HostSettings{}, err
	}
	s := HostSettings{RoutePrefix: defaultRoutePrefix}
	if _, set := c["extensions:http:routeprefix"]; set {
		s.RoutePrefix = strings.Trim(c.text("extensions:http:routePrefix"), "/")
	}
	if err := s.readTimes(c); err != nil {
		return HostSettings{}, err
	}
	if err := s.readFlags(c); err != nil {
		return HostSettings{}, err
	}
	return s, s.readProcess(c, root, settings)
}

func refuseUnsupported(c config) error {
	if v := c.text("version"); v != "2.0" {
		return fmt.Errorf("version is %q, must be \"2.0\"", v)
	}
	if t := c.text("customHandler:type"); t != "" && !strings.EqualFold(t, "http") {
		return fmt.Errorf("customHandler.type is %q, the host knows only http", t)
	}
	proxy, err := c.flag("customHandler:enableProxyingHttpRequest", false)
	if err != nil {
		return err
	}
	switch {
	case proxy:
		return errors.New("customHandler.enableProxyingHttpRequest is not implemented by this fake: use enableForwardingHttpRequest")
	case c.has("customHandler:http"):
		return errors.New("customHandler.http generates functions and excludes function.json, which this app has")
	case c.has("configurationProfile"):
		return errors.New("configurationProfile is not implemented by this fake")
	case c.has("httpWorker"):
		return errors.New("httpWorker is deprecated: use customHandler")
	}
	return nil
}

func (s *HostSettings) readTimes(c config) (err error) {
	const path = "customHandler:initializationTimeout"
	if s.InitializationTimeout, err = c.duration(path, defaultInitializationTimeout); err != nil {
		return err
	}
	if s.InitializationTimeout <= 0 {
		return fmt.Errorf("%s must be more than zero", path)
	}
	if c.text("functionTimeout") == "-1" {
		return nil
	}
	if s.FunctionTimeout, err = c.duration("functionTimeout", defaultFunctionTimeout); err != nil {
		return err
	}
	if s.FunctionTimeout <= 0 {
		return errors.New("functionTimeout must be more than zero, or -1 for none")
	}
	return nil
}

func (s *HostSettings) readFlags(c config) (err error) {
	s.ErrorsOnly, err = c.flag("customHandler:description:useStdErrorStreamForErrorsOnly", true)
	if err != nil {
		return err
	}
	s.Forwarding, err = c.flag("customHandler:enableForwardingHttpRequest", false)
	return err
}

func (s *HostSettings) readProcess(c config, root string, settings map[string]string) error {
	const description = "customHandler:description:"
	workerDirectory := below(root, c.text(description+"workerDirectory"))
	s.WorkingDirectory = below(root, c.text(description+"workingDirectory"))

	name := expand(c.text(description+"defaultExecutablePath"), settings)
	if name == "" {
		return errors.New("customHandler.description.defaultExecutablePath is required")
	}
	var err error
	if s.Executable, err = findExecutable(below(workerDirectory, name)); err != nil {
		return fmt.Errorf("customHandler.description.defaultExecutablePath: %w", err)
	}
	// The host joins the arguments by spaces without quoting, and the new
	// process splits them again.
	arguments := c.list(description + "arguments")
	if path := c.text(description + "defaultWorkerPath"); path != "" {
		arguments = append(arguments, below(workerDirectory, path))
	}
	arguments = append(arguments, c.list(description+"workerArguments")...)
	s.Arguments = strings.Fields(expand(strings.Join(arguments, " "), settings))
	return nil
}

func below(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

var variable = regexp.MustCompile(`%([^%]+)%`)

// expand replaces %NAME%; one that is not set becomes empty.
func expand(text string, settings map[string]string) string {
	return variable.ReplaceAllStringFunc(text, func(s string) string {
		value, _ := lookup(settings, strings.Trim(s, "%"))
		return value
	})
}

// lookup reads an app setting; case does not count.
func lookup(settings map[string]string, name string) (string, bool) {
	if value, found := settings[name]; found {
		return value, true
	}
	for key, value := range settings {
		if strings.EqualFold(key, name) {
			return value, true
		}
	}
	return "", false
}

// findExecutable refuses what the host would fail to start, or would look for on
// the PATH, which is never what an app means.
func findExecutable(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil && runtime.GOOS == "windows" {
		path += ".exe" // Go cannot start a Windows program without its ending
		info, err = os.Stat(path)
	}
	if err != nil {
		return "", fmt.Errorf("there is no %s: build the handler into the app's root", path)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a file: `go build -o` beside a folder of that name writes into the folder", path)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o111 == 0 {
		return "", fmt.Errorf("%s has no execute bit: the host could not start it (chmod +x)", path)
	}
	return path, nil
}
