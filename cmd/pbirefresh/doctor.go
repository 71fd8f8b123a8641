package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"pbirefresh/doctor"
)

// examine asks the app, or with -local runs the app's program on this machine.
func examine(ctx context.Context, args []string, env environment) error {
	fs := flag.NewFlagSet("doctor", flag.ContinueOnError)
	a := appFlags(fs, env)
	fix := fs.Bool("fix", false, "also print the commands and steps that mend each problem; none of them is run")
	asJSON := fs.Bool("json", false, "print the answer of the app as JSON")
	local := fs.String("local", "", "`file` with settings such as local.settings.json: look from this machine, with the program refresher, instead of asking the app")
	program := fs.String("refresher", "", "with -local: the `path` of refresher; default: beside this program, else in dist")
	rest, err := parse(fs, args, env)
	if err != nil {
		return err
	}
	if len(rest) != 0 && len(rest) != 2 || *local != "" && *asJSON {
		return usageError{errors.New("usage: pbirefresh doctor [options] [WORKSPACE_ID DATASET_ID]; -json is about the answer of an app, without -local")}
	}
	if *local != "" {
		return examineLocally(ctx, *local, *program, *fix, rest, env)
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	doc, err := c.Doctor(ctx, first(rest, 0), first(rest, 1))
	if err != nil {
		return err
	}
	if *asJSON {
		err = printJSON(env.stdout, doc)
	} else {
		doctor.Print(env.stdout, doc.Checks, *fix)
	}
	if err == nil && doc.State == doctor.Problem {
		err = errors.New("there are problems; -fix prints the steps that mend them")
	}
	return err
}

func first(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// examineLocally runs the app's own program, so that the settings go through the same parser
// and the same clients.
func examineLocally(ctx context.Context, file, program string, fix bool, model []string, env environment) error {
	settings, err := localSettings(file)
	if err != nil {
		return err
	}
	program, err = refresher(program)
	if err != nil {
		return err
	}
	args := []string{"doctor"}
	if fix {
		args = append(args, "-fix")
	}
	cmd := exec.CommandContext(ctx, program, append(args, model...)...)
	cmd.Env = append(append([]string{}, env.environ...), settings...)
	cmd.Stdout, cmd.Stderr = env.stdout, env.stderr
	var exit *exec.ExitError
	switch err := cmd.Run(); {
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return errors.New("there are problems; -fix prints the steps that mend them")
	case errors.As(err, &exit) && exit.ExitCode() == 2:
		return usageError{errors.New("refresher rejected the arguments")}
	default:
		return err
	}
}

// localSettings are the Values of a file in the form of local.settings.json.
func localSettings(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var settings struct {
		IsEncrypted bool
		Values      map[string]string
	}
	if err := json.Unmarshal(text, &settings); err != nil {
		return nil, fmt.Errorf("%s: it must be JSON with a member Values, as local.settings.json: %w", file, err)
	}
	if settings.IsEncrypted || len(settings.Values) == 0 {
		return nil, fmt.Errorf("%s: it has no Values, or they are encrypted: func settings decrypt", file)
	}
	var all []string
	for name, value := range settings.Values {
		all = append(all, name+"="+value)
	}
	return all, nil
}

// refresher finds the program.
func refresher(path string) (string, error) {
	own, _ := os.Executable() // empty: not found there
	for _, candidate := range []string{path, filepath.Join(filepath.Dir(own), "refresher"), filepath.Join("dist", "refresher")} {
		info, err := os.Stat(candidate)
		if err == nil && !info.IsDir() {
			return filepath.Abs(candidate)
		}
		if path != "" {
			return "", fmt.Errorf("-refresher %s: there is no such program", path)
		}
	}
	return "", usageError{errors.New("the program refresher is not here: make package puts it into dist, or name it with -refresher")}
}
