// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/sets"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

var (
	makeCommand = regexp.MustCompile(`\bmake ([a-z][a-z0-9-]*)((?: [A-Z]+=)?)`)
	makeTarget  = regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):`)
	longFlag    = regexp.MustCompile(`(?:^|[\s\[])--([a-z][a-z-]*)`)
	// ourCommand is a line of code that runs a command of this repository.
	ourCommand = regexp.MustCompile(`kubectl[ -]wukong|bin/(?:lab|manager)\b`)
	envVar     = regexp.MustCompile(`^WUKONG_[A-Z_]+$`)
)

// TestMakeCommands looks up each make command in the Makefile.
func TestMakeCommands(t *testing.T) {
	makefile := readFile(t, "Makefile")
	targets := sets.New[string]()
	for _, match := range makeTarget.FindAllStringSubmatch(makefile, -1) {
		targets.Insert(match[1])
	}
	named := 0
	for _, page := range pages(t) {
		for _, code := range page.code() {
			for _, match := range makeCommand.FindAllStringSubmatch(code, -1) {
				named++
				if !targets.Has(match[1]) {
					t.Errorf("%s: there is no target for make %s", page.path, match[1])
				}
				if variable := strings.Trim(match[2], " ="); variable != "" && !strings.Contains(makefile, "\n"+variable+" ?=") {
					t.Errorf("%s: make takes no %s", page.path, variable)
				}
			}
		}
	}
	if named == 0 {
		t.Error("no page names a make command")
	}
}

// TestFlags looks up each flag that a page names, alone between backticks, in the arguments of a manifest or on a command
// line of ours, in the commands' sources.
func TestFlags(t *testing.T) {
	flags := sets.New("help", "version")
	for _, folder := range []string{"cmd/manager", "cmd/kubectl-wukong", "e2e/lab/cmd/lab"} {
		flags.Insert(flagsOf(t, folder)...)
	}
	if !flags.HasAll("default-uplink", "filename", "tap-binding", "once", "node-deadline") {
		t.Fatalf("not every flag was found in the sources: %v", sets.List(flags))
	}
	named := 0
	for _, page := range pages(t) {
		for _, code := range flagged(page) {
			for _, match := range longFlag.FindAllStringSubmatch(code, -1) {
				named++
				if !flags.Has(match[1]) {
					t.Errorf("%s: no command has the flag --%s", page.path, match[1])
				}
			}
		}
	}
	if named == 0 {
		t.Error("no page names a flag")
	}
}

// flagged returns the code of a page whose flags are those of our commands.
func flagged(p page) []string {
	var found []string
	for _, span := range p.inlineCode() {
		if strings.HasPrefix(span, "--") || ourCommand.MatchString(span) {
			found = append(found, span)
		}
	}
	for _, block := range p.blocks {
		for line := range strings.Lines(block.text) {
			if block.language == "yaml" || ourCommand.MatchString(line) {
				found = append(found, line)
			}
		}
	}
	return found
}

// flagsOf returns the names of the flags that a command's sources define: the second argument of a call such as
// flags.StringVar(&target, "name", ...), as pflag has them.
func flagsOf(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	for _, file := range parseFolder(t, folder) {
		ast.Inspect(file, func(node ast.Node) bool {
			call, isCall := node.(*ast.CallExpr)
			if !isCall || len(call.Args) < 2 {
				return true
			}
			method, isMethod := call.Fun.(*ast.SelectorExpr)
			if !isMethod || !strings.HasSuffix(strings.TrimSuffix(method.Sel.Name, "P"), "Var") {
				return true
			}
			if name, isText := call.Args[1].(*ast.BasicLit); isText && name.Kind == token.STRING {
				text, err := strconv.Unquote(name.Value)
				if err != nil {
					t.Fatal(err)
				}
				names = append(names, text)
			}
			return true
		})
	}
	return names
}

// TestEnvironment looks up each environment variable of ours that a page names.
func TestEnvironment(t *testing.T) {
	known := sets.New(vmv1alpha1.EnvDefaultUplink, vmv1alpha1.EnvDefaultOSImage)
	known.Insert(textConstants(t, "e2e/lab/binaries")...)
	for _, page := range pages(t) {
		for _, span := range page.inlineCode() {
			if envVar.MatchString(span) && !known.Has(span) {
				t.Errorf("%s: nothing reads %s", page.path, span)
			}
		}
	}
}
