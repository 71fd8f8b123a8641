package checks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// PowerShell is neither parsed nor run here. The checks cover quotes and brackets, the names
// of cmdlets and of their parameters, and that deploy.ps1 asks az for what deploy.sh does.

// cmdlets are those that are used, with their parameters, from their reference (documented).
var cmdlets = map[string]string{
	"New-AzADApplication":           "-DisplayName",
	"New-AzADServicePrincipal":      "-ApplicationId",
	"New-AzADGroup":                 "-DisplayName -MailNickname",
	"Add-AzADGroupMember":           "-TargetGroupObjectId -MemberObjectId",
	"Connect-PowerBIServiceAccount": "",
	"Add-PowerBIWorkspaceUser":      "-Id -PrincipalType -Identifier -AccessRight -Scope",
	"Set-Location":                  "", "Join-Path": "", "Test-Path": "", "Write-Output": "",
	"Start-Process": "-FilePath -ArgumentList -NoNewWindow -PassThru", "Invoke-WebRequest": "-Uri -TimeoutSec -MaximumRetryCount -RetryIntervalSec",
}

var (
	psString  = regexp.MustCompile(`'[^'\n]*'|"[^"\n]*"`)
	psComment = regexp.MustCompile(`(?m)#.*$`)
	psCmdlet  = regexp.MustCompile(`\b([A-Z][a-z]+-[A-Z][A-Za-z]+)((?: +[^\s|;(){}]+)*)`)
)

func powershellProblems(script string) (f findings) {
	code := psString.ReplaceAllString(psComment.ReplaceAllString(script, ""), "''")
	if strings.ContainsAny(strings.ReplaceAll(code, "''", ""), `'"`) {
		f.add("a quote is open")
	}
	var open []rune
	pairs := map[rune]rune{')': '(', '}': '{', ']': '['}
	for _, c := range code {
		switch c {
		case '(', '{', '[':
			open = append(open, c)
		case ')', '}', ']':
			if len(open) == 0 || open[len(open)-1] != pairs[c] {
				f.add("%c closes nothing", c)
				return f
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		f.add("%c is open", open[len(open)-1])
	}
	for _, m := range psCmdlet.FindAllStringSubmatch(code, -1) {
		if strings.Contains(code, "function "+m[1]+" ") {
			continue
		}
		parameters, known := cmdlets[m[1]]
		if !known {
			f.add("no cmdlet %s is known", m[1])
		}
		for _, word := range strings.Fields(m[2]) {
			if strings.HasPrefix(word, "-") && !slices.Contains(strings.Fields(parameters), word) {
				f.add("%s has no parameter %s", m[1], word)
			}
		}
	}
	return f
}

func TestPowerShell(t *testing.T) {
	t.Parallel()
	scripts := append(blocks(t, "docs/deploy.md", "powershell"), string(tree(t)["infra/deploy.ps1"]))
	for _, script := range scripts {
		for _, problem := range powershellProblems(script) {
			t.Errorf("%s\n%s", problem, script)
		}
	}
	for script, want := range map[string]string{
		"Write-Output 'a": "quote", "if (1 { ) }": ") closes nothing", "if (1) {": "is open", "Get-Thing": "no cmdlet",
		"New-AzADGroup -Name x": "no parameter -Name", "# Get-Thing 'isn't\nWrite-Output \"-x\"": "",
	} {
		if got := fmt.Sprint(powershellProblems(script)); !strings.Contains(got, want) || want == "" && got != "[]" {
			t.Errorf("%s: %s, want %q", script, got, want)
		}
	}
}

// TestPowerShellDeploysTheSame: both scripts call az alike.
func TestPowerShellDeploysTheSame(t *testing.T) {
	t.Parallel()
	ps1 := string(tree(t)["infra/deploy.ps1"])
	value := strings.NewReplacer("$env:AZURE_RESOURCE_GROUP", "rg", "$env:AZURE_FUNCTION_APP_NAME", "func", "$env:PBIREFRESH_PACKAGE_ACCOUNT", "st", "$zip", "build/pbirefresh-linux-amd64.zip")
	var theirs []string
	for _, m := range regexp.MustCompile(`(?m)^ +Invoke-Az (.*)$`).FindAllStringSubmatch(ps1, -1) {
		theirs = append(theirs, value.Replace(m[1]))
	}
	var ours []string
	for _, plan := range []string{"flex", "premium"} {
		calls, out, err := follow(t, "./infra/deploy.sh", slices.Concat(outputs, []string{"PBIREFRESH_PLAN=" + plan})...)
		if err != nil {
			t.Fatal(err, out)
		}
		for _, call := range calls {
			if call[0] == "az" {
				ours = append(ours, strings.Join(call[1:], " "))
			}
		}
	}
	if len(ours) != 3 || !slices.Equal(ours, theirs) {
		t.Errorf("deploy.sh calls az\n%s\ndeploy.ps1\n%s", strings.Join(ours, "\n"), strings.Join(theirs, "\n"))
	}
}

// TestEveryBlockIsChecked: no block of the guides is of a kind that no test looks at.
func TestEveryBlockIsChecked(t *testing.T) {
	t.Parallel()
	looked := map[string]string{"sh": "TestReadersCanFollow", "json": "access/TestTheGuidesPolicy", "sh offline": "TestOfflineBlocksRun", "yaml": "TestWorkflowsArePinned", "powershell": "TestPowerShell", "kql": "TestQueriesFitRealLines"}
	for _, guide := range guides {
		text := string(tree(t)[guide])
		found := fence.FindAllStringSubmatch(text, -1)
		for _, m := range found {
			if looked[m[1]] == "" {
				t.Errorf("%s has a block %q, which no test looks at", guide, m[1])
			}
		}
		if 2*len(found) != strings.Count("\n"+text, "\n```") {
			t.Errorf("%s: %d blocks, %d fences", guide, len(found), strings.Count("\n"+text, "\n```"))
		}
	}
}
