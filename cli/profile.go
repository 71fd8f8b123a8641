package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// The ways to sign in to an app.
const (
	authKey   = "key"
	authAzure = "azure" // a token of the person who is signed in (az login), besides the key
)

// profile is an app that was set up once.
type profile struct {
	URL      string `json:"url"`
	Auth     string `json:"auth"`
	Key      string `json:"key,omitempty"`
	Resource string `json:"resource,omitempty"` // of the token
}

// target is the profile in use.
type target struct {
	profile
	name    string
	keyFrom string
}

// profiles is the content of the file.
type profiles struct {
	Default  string             `json:"default"`
	Profiles map[string]profile `json:"profiles"`
}

var errNoProfile = errors.New("there is no profile")

// profilesPath is the file of the profiles.
func profilesPath(env Environment) (string, error) {
	if path := env.Getenv("PBIREFRESH_PROFILES"); path != "" {
		return path, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("the folder for profiles is unknown (%w): set PBIREFRESH_PROFILES to a file", err)
	}
	return filepath.Join(dir, "pbirefresh", "profiles.json"), nil
}

// readProfiles reads the file, which may be missing. A file that others can read is
// refused: it has keys. Windows has no such bits; there the file inherits the access of
// the user's profile folder.
func readProfiles(env Environment) (profiles, error) {
	all := profiles{Profiles: map[string]profile{}}
	path, err := profilesPath(env)
	if err != nil {
		return all, err
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return all, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return all, usagef("%s can be read by others (mode %04o) and has keys: run chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return all, err
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return all, fmt.Errorf("%s is not valid: %w", path, err)
	}
	if all.Profiles == nil {
		all.Profiles = map[string]profile{}
	}
	return all, nil
}

// writeProfiles replaces the file in one step.
func writeProfiles(env Environment, all profiles) error {
	path, err := profilesPath(env)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "profiles-*.json") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// namedProfile returns a profile; the default one if no name is given.
func namedProfile(env Environment, name string) (target, error) {
	all, err := readProfiles(env)
	if err != nil {
		return target{}, err
	}
	if name == "" && all.Default == "" {
		return target{}, errNoProfile
	}
	name = cmp.Or(name, all.Default)
	p, ok := all.Profiles[name]
	if !ok {
		return target{}, usagef("there is no profile %q; pbirefresh profile list shows them", name)
	}
	return target{profile: p, name: name}, nil
}

func profileNames(env Environment) []string {
	all, err := readProfiles(env)
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(all.Profiles))
}
