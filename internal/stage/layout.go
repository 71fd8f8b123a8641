package stage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	hostFile      = "host.json"
	functionFile  = "function.json"
	functionsDir  = "functions"
	schedulesFile = "schedules.json"
	policyFile    = "policy.json"
	settingsFile  = "local.settings.json"
)

// functionName is the host's own rule (azure-functions-host, source); "host" is
// reserved.
var functionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,127}$`)

// An app is the content of a staged tree or of its sources.
type app struct {
	host       []byte
	executable string            // name at the root of the staged tree
	functions  map[string][]byte // folder name to function.json
	schedules  []byte            // nil: none
	policy     []byte            // nil: none
}

// readSources reads the app from the root of the repository.
func readSources(root string) (app, error) {
	host, err := os.ReadFile(filepath.Join(root, hostFile))
	if err != nil {
		return app{}, fmt.Errorf("stage: %w", err)
	}
	a := app{host: host}
	if a.executable, err = executableName(host); err != nil {
		return app{}, err
	}
	if a.functions, err = readFunctions(filepath.Join(root, functionsDir)); err != nil {
		return app{}, err
	}
	a.schedules, err = readOptional(filepath.Join(root, schedulesFile))
	if err != nil {
		return app{}, fmt.Errorf("stage: %w", err)
	}
	a.policy, err = readOptional(filepath.Join(root, policyFile))
	if err != nil {
		return app{}, fmt.Errorf("stage: %w", err)
	}
	return a, a.check()
}

func readOptional(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return content, err
}

// executableName reads where the host will look for the executable.
func executableName(host []byte) (string, error) {
	var file struct {
		CustomHandler struct {
			Description struct{ DefaultExecutablePath string }
		}
	}
	if err := json.Unmarshal(host, &file); err != nil {
		return "", fmt.Errorf("stage: host.json is not valid: %w", err)
	}
	name := file.CustomHandler.Description.DefaultExecutablePath
	if !plainName(name) || name == hostFile || name == schedulesFile || name == policyFile || name == settingsFile {
		return "", fmt.Errorf("stage: host.json: customHandler.description.defaultExecutablePath is %q, must be the plain name of a file beside host.json", name)
	}
	return name, nil
}

func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, `/\:%`)
}

// readFunctions reads dir/*/function.json. Names that begin with a dot are not
// ours (a file manager's) and are passed over.
func readFunctions(dir string) (map[string][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	functions := make(map[string][]byte)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		content, err := readFunction(filepath.Join(dir, entry.Name()), entry)
		if err != nil {
			return nil, err
		}
		functions[entry.Name()] = content
	}
	return functions, nil
}

func readFunction(path string, entry fs.DirEntry) ([]byte, error) {
	if !entry.IsDir() {
		return nil, fmt.Errorf("stage: %s is not a folder: a function is a folder with a function.json", path)
	}
	if err := onlyFunctionFile(path); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(filepath.Join(path, functionFile))
	if err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	return content, nil
}

func onlyFunctionFile(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if name == functionFile && entry.Type().IsRegular() || strings.HasPrefix(name, ".") {
			continue
		}
		return fmt.Errorf("stage: %s does not belong there: a function's folder holds only its function.json", filepath.Join(dir, name))
	}
	return nil
}

// check refuses what the host would not take for an app.
func (a app) check() error {
	if len(a.functions) == 0 {
		return errors.New("stage: no function: the host starts nothing without a <Function>/function.json")
	}
	names := map[string]string{strings.ToLower(a.executable): a.executable}
	for _, name := range a.functionNames() {
		if !functionName.MatchString(name) || strings.EqualFold(name, "host") {
			return fmt.Errorf("stage: %q is no function name: a letter, then letters, digits, _ or -, at most 128, and not \"host\"", name)
		}
		if other, taken := names[strings.ToLower(name)]; taken {
			return fmt.Errorf("stage: %q and %q are one name where case does not count", other, name)
		}
		names[strings.ToLower(name)] = name
		if !json.Valid(a.functions[name]) {
			return fmt.Errorf("stage: %s/function.json is not valid JSON", name)
		}
	}
	if a.policy != nil && !json.Valid(a.policy) {
		return errors.New("stage: policy.json is not valid JSON")
	}
	return nil
}

func (a app) functionNames() []string {
	names := make([]string, 0, len(a.functions))
	for name := range a.functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// files lists the staged tree without the executable: slash-separated path to
// content.
func (a app) files() map[string][]byte {
	files := map[string][]byte{hostFile: a.host}
	if a.schedules != nil {
		files[schedulesFile] = a.schedules
	}
	if a.policy != nil {
		files[policyFile] = a.policy
	}
	for name, content := range a.functions {
		files[name+"/"+functionFile] = content
	}
	return files
}
