package integrations

import "strings"

// Workflows that run the shell script hold it whole, so that one file is enough.
const (
	gitHubHead = `# Refreshes a Power BI semantic model with pbirefresh, every morning or by hand, and fails with the reason.
# Made from ../shell/refresh.sh. Copy it to .github/workflows/ and see README.md beside it.
name: Refresh the model
on:
  schedule:
    - cron: "0 6 * * *"
  workflow_dispatch:
permissions: {}
concurrency: refresh
jobs:
  refresh:
    runs-on: ubuntu-latest
    timeout-minutes: 350
    steps:
      - name: Refresh
        shell: bash
        env:
          PBIREFRESH_URL: ${{ vars.PBIREFRESH_URL }}
          PBIREFRESH_KEY: ${{ secrets.PBIREFRESH_KEY }}
          WORKSPACE_ID: ${{ vars.WORKSPACE_ID }}
          DATASET_ID: ${{ vars.DATASET_ID }}
          IDEMPOTENCY_KEY: github-${{ github.run_id }}-${{ github.run_attempt }}
        run: |
`
	azureDevOpsHead = `# Refreshes a Power BI semantic model with pbirefresh, every morning or by hand, and fails with the reason.
# Made from ../shell/refresh.sh. See README.md beside it.
trigger: none
schedules:
  - cron: "0 6 * * *"
    displayName: Every morning
    branches:
      include: [main]
    always: true
pool:
  vmImage: ubuntu-latest
jobs:
  - job: refresh
    timeoutInMinutes: 350
    steps:
      - bash: |
`
	azureDevOpsTail = `        displayName: Refresh
        env:
          PBIREFRESH_URL: $(PBIREFRESH_URL)
          PBIREFRESH_KEY: $(PBIREFRESH_KEY)
          WORKSPACE_ID: $(WORKSPACE_ID)
          DATASET_ID: $(DATASET_ID)
          IDEMPOTENCY_KEY: azdo-$(Build.BuildId)-$(System.JobAttempt)
`
)

// embedded is the script as a block of a YAML document.
func embedded(head, script, tail string) []byte {
	lines := strings.Split(strings.TrimSuffix(script, "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "          " + line
		}
	}
	return []byte(head + strings.Join(lines, "\n") + "\n" + tail)
}
