package funchost

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// An App is a staged app root as the host reads it.
type App struct {
	Root      string // absolute path
	Settings  HostSettings
	Functions []*Function // in name order, which is the order in which routes are tried
}

// functionName is the host's own rule; "host" is reserved.
var functionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,127}$`)

// Load reads the app in root. settings are the app settings, which resolve
// %NAME%, switch functions off and override host.json. It refuses what the host
// would not load, and what this fake cannot play.
func Load(root string, settings map[string]string) (*App, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("funchost: %w", err)
	}
	app := &App{Root: root}
	if app.Settings, err = loadHostSettings(root, settings); err != nil {
		return nil, fmt.Errorf("funchost: host.json: %w", err)
	}
	if err := app.loadFunctions(settings); err != nil {
		return nil, fmt.Errorf("funchost: %w", err)
	}
	if len(app.Functions) == 0 {
		return nil, fmt.Errorf("funchost: %s has no function: the host starts no handler without a <Function>/function.json", root)
	}
	return app, nil
}

func (a *App) loadFunctions(settings map[string]string) error {
	names, err := functionFolders(a.Root)
	if err != nil {
		return err
	}
	for _, name := range names {
		document, err := os.ReadFile(filepath.Join(a.Root, name, "function.json"))
		if err != nil {
			return err
		}
		f, err := parseFunction(name, document, a.Settings.RoutePrefix, a.Settings.Forwarding, settings)
		if err != nil {
			return fmt.Errorf("%s/function.json: %w", name, err)
		}
		a.Functions = append(a.Functions, f)
	}
	return nil
}

// functionFolders finds the folders with a function.json, and fails on any that
// is not directly below the root: the host would pass it over in silence
// (Azure-Functions#1267).
func functionFolders(root string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() != "function.json" {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name, file, _ := strings.Cut(filepath.ToSlash(relative), "/")
		if file != "function.json" {
			return fmt.Errorf("%s: the host finds functions only in direct children of the root: stage the app first", filepath.ToSlash(relative))
		}
		names = append(names, name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Compare(strings.ToLower(a), strings.ToLower(b))
	})
	return names, checkNames(names)
}

func checkNames(names []string) error {
	for i, name := range names {
		if !functionName.MatchString(name) || strings.EqualFold(name, "host") {
			return fmt.Errorf("%q is no function name: a letter, then letters, digits, _ or -, at most 128, and not \"host\"", name)
		}
		if i > 0 && strings.EqualFold(name, names[i-1]) {
			return fmt.Errorf("%q and %q are one name to the host", names[i-1], name)
		}
	}
	return nil
}

// function finds a function by name; case does not count.
func (a *App) function(name string) *Function {
	for _, f := range a.Functions {
		if strings.EqualFold(f.Name, name) {
			return f
		}
	}
	return nil
}

// route finds the HTTP function for a method and a decoded path: the first, by
// name, that has the method and whose template matches.
func (a *App) route(method, path string) *Function {
	for _, f := range a.Functions {
		if f.HTTP != nil && f.HTTP.takes(method) && f.HTTP.template.match(path) {
			return f
		}
	}
	return nil
}
