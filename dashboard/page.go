package dashboard

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
)

//go:embed page
var files embed.FS

// scripts are joined in this order.
var scripts = []string{"facts.js", "api.js", "draw.js", "views.js", "app.js"}

// Page returns the document, and the Content-Security-Policy that it needs.
func Page() (document []byte, policy string) {
	script := []byte("\"use strict\";\n")
	for _, name := range scripts {
		script = append(script, read(name)...)
	}
	style := read("style.css")
	document = bytes.Replace(read("index.html"), []byte("<style></style>"), wrapped("style", style), 1)
	document = bytes.Replace(document, []byte("<script></script>"), wrapped("script", script), 1)
	return document, fmt.Sprintf("default-src 'none'; script-src %s; style-src %s; img-src data:; connect-src 'self'; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'", hash(script), hash(style))
}

// read returns a file of the program itself.
func read(name string) []byte {
	b, err := files.ReadFile("page/" + name)
	if err != nil {
		panic(err)
	}
	return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) // a hash is of what browsers see
}

func wrapped(element string, content []byte) []byte {
	return fmt.Appendf(nil, "<%s>%s</%s>", element, content, element)
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
