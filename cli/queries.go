package cli

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"pbirefresh/docs"
	"pbirefresh/internal/guid"
)

// alertQueries are the Kusto queries of one alert in docs/runbook.md.
type alertQueries struct {
	Alert   string   `json:"alert"`
	Means   string   `json:"means"`
	Queries []string `json:"queries"`
}

func queriesCommand(env Environment) *cobra.Command {
	var f format
	model := ""
	cmd := &cobra.Command{
		Use: "queries [ALERT]", Short: "Print the Kusto queries of an alert, for the logs of Application Insights",
		Long: "Print the Kusto queries of an alert, for the logs of Application Insights: those of docs/runbook.md.\n" +
			"Without an alert, list the alerts.",
		Example: "  pbirefresh queries\n  pbirefresh queries failed --model WORKSPACE_ID/DATASET_ID",
		Args:    cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
			for _, a := range queriesOf(docs.Runbook) {
				names = append(names, a.Alert)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			alerts, err := selectQueries(queriesOf(docs.Runbook), first(args, 0), model)
			switch {
			case err != nil:
				return err
			case f == formatJSON:
				return PrintJSON(env.Stdout, alerts)
			case len(args) == 0:
				return listAlerts(env.Stdout, alerts)
			}
			_, err = fmt.Fprintln(env.Stdout, strings.Join(alerts[0].Queries, "\n\n"))
			return err
		},
	}
	cmd.Flags().StringVar(&model, "model", "", "put `WORKSPACE_ID/DATASET_ID` into the queries")
	outputFlag(cmd, &f)
	return cmd
}

var (
	runbookSection = regexp.MustCompile(`(?m)^## (\w+)$`)
	runbookMeaning = regexp.MustCompile(`\*\*It means\*\* that ([^.]+\.)`)
	runbookQuery   = regexp.MustCompile("(?s)```kql\n(.*?)\n```")
)

// queriesOf reads the sections of the runbook that have queries.
func queriesOf(runbook string) (alerts []alertQueries) {
	heads := runbookSection.FindAllStringSubmatchIndex(runbook, -1)
	for i, head := range heads {
		end := len(runbook)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		text := runbook[head[1]:end]
		a := alertQueries{Alert: runbook[head[2]:head[3]]}
		if m := runbookMeaning.FindStringSubmatch(text); m != nil {
			a.Means = strings.NewReplacer("\n", " ", "*", "", "`", "").Replace(m[1])
		}
		for _, m := range runbookQuery.FindAllStringSubmatch(text, -1) {
			a.Queries = append(a.Queries, m[1])
		}
		if len(a.Queries) > 0 {
			alerts = append(alerts, a)
		}
	}
	return alerts
}

// selectQueries keeps one alert, unless name is empty, and puts the model into its queries.
func selectQueries(alerts []alertQueries, name, model string) (chosen []alertQueries, err error) {
	workspace, dataset, _ := strings.Cut(model, "/")
	if model != "" && (!guid.Valid(workspace) || !guid.Valid(dataset)) {
		return nil, usagef("--model: %q is not WORKSPACE_ID/DATASET_ID (GUIDs)", model)
	}
	for _, a := range alerts {
		if name != "" && a.Alert != name {
			continue
		}
		for i := range a.Queries {
			if model != "" {
				a.Queries[i] = strings.ReplaceAll(a.Queries[i], "WORKSPACE_ID/DATASET_ID", model)
			}
		}
		chosen = append(chosen, a)
	}
	if len(chosen) == 0 {
		return nil, usagef("there is no alert %q; pbirefresh queries lists them", name)
	}
	return chosen, nil
}

func listAlerts(w io.Writer, alerts []alertQueries) error {
	var rows [][]string
	for _, a := range alerts {
		rows = append(rows, []string{a.Alert, strconv.Itoa(len(a.Queries)), a.Means})
	}
	return printTable(w, []string{"ALERT", "QUERIES", "MEANS THAT"}, rows)
}
