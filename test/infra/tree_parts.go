package checks

import (
	"fmt"
	"regexp"
)

// partAsked is a call of the shell function of the guides that finds names by tag.
var partAsked = regexp.MustCompile(`\bnamed ([a-z]+) `)

// partRules: each part that a guide finds by its tag is tagged so, once.
func partRules(t Tree, plan, _ *Plan) (f findings) {
	tagged := map[string]int{}
	for _, i := range plan.Instances {
		if tags, _ := i.Body.Attributes["tags"].(map[string]any); tags["pbirefresh"] != nil {
			tagged[fmt.Sprint(tags["pbirefresh"])]++
		}
	}
	for _, guide := range []string{"docs/deploy.md", "docs/runbook.md"} {
		asked := partAsked.FindAllStringSubmatch(string(t[guide]), -1)
		if len(asked) < 5 {
			f.add("%s finds only %d names by tag", guide, len(asked))
		}
		for _, m := range asked {
			switch n := tagged[m[1]]; n {
			case 0:
				f.add("%s asks for the part %s, which no resource is tagged as", guide, m[1])
			case 1:
			default:
				f.add("%s asks for the part %s, and %d resources are tagged as it", guide, m[1], n)
			}
		}
	}
	return f
}
