package dashboard

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The policy allows exactly the script and the style that the document has.
func TestThePolicyFitsTheDocument(t *testing.T) {
	t.Parallel()
	document, policy := Page()
	for _, element := range []string{"script", "style"} {
		parts := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllSubmatch(document, -1)
		if len(parts) != 1 || len(parts[0][1]) < 1000 {
			t.Fatalf("the document has %d elements %s, want one with all of it", len(parts), element)
		}
		if want := element + "-src " + hash(parts[0][1]); !strings.Contains(policy, want) {
			t.Errorf("the policy is %s, want %s in it", policy, want)
		}
	}
	for _, forbidden := range []string{"unsafe", "http:", "https:", "*"} {
		if strings.Contains(policy, forbidden) {
			t.Errorf("the policy is %s, want nothing with %s", policy, forbidden)
		}
	}
}

// Nothing comes from elsewhere, and data never becomes markup.
func TestThePageIsSelfContained(t *testing.T) {
	t.Parallel()
	document, _ := Page()
	for _, pattern := range []string{`innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function`, ` style="`, ` on[a-z]+="`, `src="`, `@import`, `url\(`} {
		if found := regexp.MustCompile(pattern).Find(document); found != nil {
			t.Errorf("the page has %s, want nothing like %s", found, pattern)
		}
	}
	for _, address := range regexp.MustCompile(`https?://[^"' ]*`).FindAll(document, -1) {
		if !bytes.HasPrefix(address, []byte("http://www.w3.org/")) { // the name of a namespace
			t.Errorf("the page names %s, want no address elsewhere", address)
		}
	}
}

// The functions without a browser are tested by Node, which the tests with real storage need too.
func TestFacts(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "node", "--test", "testdata/facts.test.cjs")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("node --test testdata/facts.test.cjs: %v\n%s", err, out)
	}
}
