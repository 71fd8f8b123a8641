package config

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := Parse(map[string][]byte{"a.tf": []byte("locals {\n  x = 1\n}\nresource \"my_thing\" \"a\" {}\ndata \"my_thing\" \"b\" {}\n"), "b.tf": []byte("variable \"v\" {}\noutput \"o\" {}\n")})
	if err != nil || c.Locals["x"] == nil || c.Resources["my_thing.a"] == nil || c.Resources["data.my_thing.b"] == nil || c.Variables["v"] == nil || c.Outputs["o"] == nil {
		t.Errorf("got %v, %v", c, err)
	}
	for text, want := range map[string]string{
		"locals {\n  x = 1\n}\nlocals {\n  x = 2\n}": "local.x is there twice",
		`variable {}`: "takes 1 names", `module "m" {}`: "no block module is known", `output "o" {`: "Unclosed",
		"variable \"v\" {}\nvariable \"v\" {}": "variable v is there twice",
	} {
		if _, err := Parse(map[string][]byte{"a.tf": []byte(text)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
