package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pbirefresh/handler"
	"pbirefresh/powerbi"
	"pbirefresh/schedule"
)

// importCommand makes an entry of the schedule that Power BI itself keeps for a model.
func importCommand(env Environment) *cobra.Command {
	cloudName, file, name := "", "", ""
	cmd := &cobra.Command{
		Use: "import WORKSPACE_ID DATASET_ID", Short: "Make an entry from the schedule that Power BI has for a model", Args: cobra.ExactArgs(2),
		Long: "Make an entry from the schedule that Power BI has for a model. Run az login first, or pass --file with what this prints:\n\n" +
			"  az rest --resource https://analysis.windows.net/powerbi/api --url https://api.powerbi.com/v1.0/myorg/groups/WORKSPACE_ID/datasets/DATASET_ID/refreshSchedule",
		Example: "  pbirefresh schedule import --name sales WORKSPACE_ID DATASET_ID > schedules.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			model := powerbi.Dataset{WorkspaceID: args[0], DatasetID: args[1]}
			own, err := ownSchedule(cmd.Context(), model, file, cloudName, env)
			if err != nil {
				return err
			}
			return printEntry(name, model, own, env)
		},
	}
	cmd.Flags().StringVar(&cloudName, "cloud", "public", "`cloud` of Power BI: public, usgov, usgovhigh, usgovmil or china")
	cmd.Flags().StringVar(&file, "file", "", "`file` with the schedule as JSON, instead of a request to Power BI; - for standard input")
	cmd.Flags().StringVar(&name, "name", "", "`name` of the entry (default: from the model's id)")
	completeWords(cmd, "cloud", "public", "usgov", "usgovhigh", "usgovmil", "china")
	return cmd
}

// ownSchedule reads the schedule from a file, or from Power BI as the signed-in identity
// here: by Environment, managed identity, Azure CLI, ...
func ownSchedule(ctx context.Context, model powerbi.Dataset, file, cloudName string, env Environment) (powerbi.RefreshSchedule, error) {
	if file != "" {
		var own powerbi.RefreshSchedule
		text, err := readInput(file, env)
		if err == nil {
			err = json.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), &own) // as PowerShell writes it
		}
		return own, err
	}
	cloud, err := cloudNamed(env, cloudName)
	if err != nil {
		return powerbi.RefreshSchedule{}, err
	}
	credential, err := env.Credential()
	if err != nil {
		return powerbi.RefreshSchedule{}, err
	}
	client, err := powerbi.NewClient(credential, powerbi.Options{Cloud: cloud, Version: env.Version})
	if err != nil {
		return powerbi.RefreshSchedule{}, err
	}
	own, err := client.RefreshSchedule(ctx, model)
	if err != nil {
		return own, signInFirst(err)
	}
	return own, nil
}

// entryDocument is an entry as it is written.
type entryDocument struct {
	WorkspaceID string   `json:"workspaceId"`
	DatasetID   string   `json:"datasetId"`
	Cron        []string `json:"cron"`
	TimeZone    string   `json:"timeZone"`
	Enabled     *bool    `json:"enabled,omitempty"`
}

// printEntry prints a file with the one entry, which the app would take.
func printEntry(name string, model powerbi.Dataset, own powerbi.RefreshSchedule, env Environment) error {
	zone, known := schedule.FromWindows(own.TimeZone)
	if !known {
		return fmt.Errorf("the time zone %q has no IANA name that is known here: write the entry by hand", own.TimeZone)
	}
	expressions, err := cronOf(own)
	if err != nil {
		return err
	}
	entry := entryDocument{WorkspaceID: model.WorkspaceID, DatasetID: model.DatasetID, Cron: expressions, TimeZone: zone}
	if !own.Enabled {
		entry.Enabled = new(bool)
	}
	if name == "" {
		name = "model-" + model.DatasetID
	}
	text, err := json.MarshalIndent(map[string]any{"schedules": map[string]any{name: entry}}, "", "  ")
	if err != nil {
		return err
	}
	if _, err := schedule.Parse(text, handler.ScheduleRequest(0)); err != nil {
		return fmt.Errorf("this cannot be an entry: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	fmt.Fprintln(env.Stdout, string(text))
	if own.Enabled {
		fmt.Fprintln(env.Stderr, "switch the schedule in Power BI off, or the model is refreshed by both")
	}
	return nil
}

// cronOf writes days and times as cron: one expression for all hours with the same minute.
func cronOf(own powerbi.RefreshSchedule) ([]string, error) {
	days, err := cronDays(own.Days)
	if err != nil {
		return nil, err
	}
	hours := map[int][]string{}
	for _, text := range own.Times {
		at, err := time.Parse("15:04", text)
		if err != nil {
			return nil, fmt.Errorf("%q is no time such as 07:30", text)
		}
		hours[at.Minute()] = append(hours[at.Minute()], fmt.Sprintf("%02d", at.Hour()))
	}
	var list []string
	for minute := range 60 {
		if at := hours[minute]; len(at) > 0 {
			slices.Sort(at)
			list = append(list, fmt.Sprintf("%d %s * * %s", minute, joinNumbers(slices.Compact(at)), days))
		}
	}
	if len(list) == 0 {
		return nil, errors.New("the model has no schedule in Power BI: no times are set")
	}
	return list, nil
}

// joinNumbers drops the zeros that were there for the order.
func joinNumbers(hours []string) string {
	for i, h := range hours {
		if hours[i] = strings.TrimPrefix(h, "0"); hours[i] == "" {
			hours[i] = "0"
		}
	}
	return strings.Join(hours, ",")
}

func cronDays(names []string) (string, error) {
	on := [7]bool{}
	for _, name := range names {
		i := slices.IndexFunc([]time.Weekday{0, 1, 2, 3, 4, 5, 6}, func(d time.Weekday) bool { return strings.EqualFold(d.String(), name) })
		if i < 0 {
			return "", fmt.Errorf("%q is no day of the week", name)
		}
		on[i] = true
	}
	var list []string
	for i, day := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} {
		if on[i] {
			list = append(list, day)
		}
	}
	switch len(list) {
	case 0:
		return "", errors.New("the model has no schedule in Power BI: no days are set")
	case 7:
		return "*", nil
	}
	return strings.Join(list, ","), nil
}
