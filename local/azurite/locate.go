package azurite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const entry = "node_modules/azurite/dist/src/blob/main.js"

// findMain returns Azurite's entry script in the tools folder of the repository
// that the working directory is in.
func findMain() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("azurite: %w", err)
	}
	return findMainAbove(dir)
}

func findMainAbove(dir string) (string, error) {
	for {
		tools := filepath.Join(dir, "tools")
		if _, err := os.Stat(filepath.Join(tools, "package-lock.json")); err == nil {
			return installed(tools)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("azurite: no tools/package-lock.json above the working directory: run inside the repository")
		}
		dir = parent
	}
}

func installed(tools string) (string, error) {
	main := filepath.Join(tools, filepath.FromSlash(entry))
	if _, err := os.Stat(main); err != nil {
		return "", fmt.Errorf("azurite: not installed: run: make tools (%w)", err)
	}
	return main, nil
}
