package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"

	"pbirefresh/doctor"
)

func doctorCommand(env Environment) *cobra.Command {
	c := connection{env: env}
	var f doctorFlags
	cmd := &cobra.Command{
		Use: "doctor [WORKSPACE_ID DATASET_ID]", Short: "Find what is wrong between an app and a finished refresh",
		Long: "Check the whole chain: settings, storage, vault, token, tenant, workspace and model.\n" +
			"The app checks itself; with --local its program checks from this machine.",
		Example: "  pbirefresh doctor --fix WORKSPACE_ID DATASET_ID\n  pbirefresh doctor --local local.settings.json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 0 && len(args) != 2 {
				return errors.New("give both WORKSPACE_ID and DATASET_ID, or neither")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.local != "" {
				return examineLocally(cmd.Context(), f, args, env)
			}
			return f.examine(cmd.Context(), &c, args, env)
		},
	}
	f.add(cmd)
	c.add(cmd)
	return cmd
}

type doctorFlags struct {
	fix            bool
	format         format
	local, program string
}

func (f *doctorFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.fix, "fix", false, "also print the commands and steps that mend each problem; none of them is run")
	cmd.Flags().StringVar(&f.local, "local", "", "`file` with settings such as local.settings.json: check from this machine, with the program refresher")
	cmd.Flags().StringVar(&f.program, "refresher", "", "with --local: the `path` of refresher (default: beside this program, else in dist)")
	outputFlag(cmd, &f.format)
}

// examine asks the app.
func (f *doctorFlags) examine(ctx context.Context, c *connection, model []string, env Environment) error {
	a, err := c.open(nil)
	if err != nil {
		return err
	}
	doc, err := a.Doctor(ctx, first(model, 0), first(model, 1))
	if err != nil {
		return a.explain(err)
	}
	if f.format == formatJSON {
		err = PrintJSON(env.Stdout, doc)
	} else {
		doctor.Print(env.Stdout, doc.Checks, f.fix)
	}
	if err == nil && doc.State == doctor.Problem {
		err = errProblems
	}
	return err
}

var errProblems = errors.New("there are problems; --fix prints the steps that mend them")

func first(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// examineLocally runs the app's own program, so that the settings go through the same parser
// and the same clients.
func examineLocally(ctx context.Context, f doctorFlags, model []string, env Environment) error {
	if f.format == formatJSON {
		return usagef("--output json is for the answer of an app, without --local")
	}
	settings, err := localSettings(f.local)
	if err != nil {
		return err
	}
	program, err := refresher(f.program)
	if err != nil {
		return err
	}
	args := []string{"doctor"}
	if f.fix {
		args = append(args, "-fix")
	}
	cmd := exec.CommandContext(ctx, program, append(args, model...)...)
	cmd.Env = append(append([]string{}, env.Environ...), settings...)
	cmd.Stdout, cmd.Stderr = env.Stdout, env.Stderr
	var exit *exec.ExitError
	switch err := cmd.Run(); {
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return errProblems
	case errors.As(err, &exit) && exit.ExitCode() == 2:
		return usagef("refresher rejected the arguments")
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
			return "", fmt.Errorf("--refresher %s: there is no such program", path)
		}
	}
	return "", usagef("the program refresher is not here: make package puts it into dist, or pass --refresher")
}
