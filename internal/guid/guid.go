// Package guid recognises the ids of Microsoft's services as they are written in
// addresses and tokens: 8-4-4-4-12 hexadecimal digits, without braces.
package guid

import "regexp"

var pattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// Valid reports whether s is a GUID, in upper or lower case.
func Valid(s string) bool { return pattern.MatchString(s) }
