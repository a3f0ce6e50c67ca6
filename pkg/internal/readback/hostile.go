// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package readback

import "strings"

// Hostile are texts that some reader of YAML takes for something else when they stand bare or in the wrong
// quotes.
var Hostile = []string{
	// Numbers, dates and words of YAML 1.1, and what PyYAML makes of it; it fails on some of them.
	"52:54:00:12:34:56", "190:20:30.15", "1:2", "1e3", "1.e+3", "12e03", "0o7", "0777", "08", "1_000", "0b1", "0b_", "0x_", "-0x_", "0x1F",
	".5", "+.5", "._", "1._", "0.", "_", "-", "+", "1", "-1", "00", ".inf", ".NaN", "NaN", "123456789012345678901234567890",
	"2001-01-01", "2001-99-99", "2001-1-1 1:1:1", "2001-1-1T99:1:1Z",
	"yes", "No", "on", "OFF", "y", "N", "true", "False", "null", "Null", "~", "", "=", "<<",
	// Marks of YAML's own.
	"!x", "!!python/object/apply:os.system [id]", "&a", "*a", "- a", "a: b", "a:", ":a", ": ",
	"a #b", "#", "#cloud-config", "? a", "?", "|", ">", "|-", "%TAG",
	"@a", "`a`", "[", "]", "{", "}", "[a]", "{a: b}", "{{ x }}", "{% x %}", ",",
	"'", `"`, "a'b", `a"b`, `a'b"c`, `\`, `\n`, `a\"`, "---", "--- a", "...", "<<: *a",
	// White space and line ends.
	" ", " a", "a ", "\ta", "a\t", "\n", "a\n", "\na", "a\nb",
	"a\n\nb\n", "a\n b\n", "a \nb\n", "  a\n", "a\r\nb", "a\rb", "a\n---\nb: c\n", "a\n...\n", "a\n\tb\n", "a\n\n",
	// Whole structures.
	"x\nroot: true\n", "x\"\nroot: true\n", "x'\nroot: true\n",
	"x\n  - root: true\n", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\n", `{"a": "b"}`, `","root":true,"x":"`,
	// Characters that YAML does not print, or takes for a line's end.
	"\x00", "\x01", "\x1b[0m", "\x7f", "\u0080", "\u0085", "a\u0085b\n", "\u00a0",
	"\u2028", "a\u2029b\n", "\ufeff", "\ufeffa\n", "\ufffe", "é日本", "日\n本\n", "\U0001F600", "\U0001F600\n",
	strings.Repeat("long ", 500), strings.Repeat("k", 2000),
}
