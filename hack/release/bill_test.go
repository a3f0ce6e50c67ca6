// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdxlib"
)

var spdxID = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)

// readBill writes a bill, reads it with the library and checks what holds for every one.
func readBill(t *testing.T, bill *bill) *spdx.Document {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bill.spdx.json")
	if err := bill.write(path); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	document, err := spdxjson.Read(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if err := spdxlib.ValidateDocument(document); err != nil {
		t.Error(err)
	}
	if document.SPDXVersion != "SPDX-2.3" || document.CreationInfo.Created != "2023-11-14T22:13:20Z" {
		t.Errorf("the document is %s of %s", document.SPDXVersion, document.CreationInfo.Created)
	}
	described, err := spdxlib.GetDescribedPackageIDs(document)
	if err != nil || len(described) != 1 {
		t.Errorf("the document describes %v (%v), want one package", described, err)
	}
	seen := map[spdx.ElementID]bool{}
	for _, listed := range document.Packages {
		if id := listed.PackageSPDXIdentifier; seen[id] || !spdxID.MatchString(string(id)) {
			t.Errorf("%s is no identifier of its own", id)
		}
		seen[listed.PackageSPDXIdentifier] = true
		if len(listed.PackageExternalReferences) != 1 || !strings.HasPrefix(listed.PackageExternalReferences[0].Locator, "pkg:") {
			t.Errorf("%s has no package URL", listed.PackageName)
		}
		if listed.FilesAnalyzed {
			t.Errorf("%s claims that its files were looked at", listed.PackageName)
		}
	}
	return document
}

// related returns the names of the packages that have a relationship with a package of that purpose.
func related(document *spdx.Document, purpose, relationship string) map[string]int {
	byID := map[spdx.ElementID]*spdx.Package{}
	for _, listed := range document.Packages {
		byID[listed.PackageSPDXIdentifier] = listed
	}
	names := map[string]int{}
	for _, found := range document.Relationships {
		from, to := byID[found.RefA.ElementRefID], byID[found.RefB.ElementRefID]
		if found.Relationship == relationship && from != nil && from.PrimaryPackagePurpose == purpose {
			names[to.PackageName]++
		}
	}
	return names
}

func TestBillOfBinaryListsEveryModule(t *testing.T) {
	binary := testBinaries(t)[0]
	document := readBill(t, billOfBinary(binary, testRelease(t)))
	dependencies := related(document, "APPLICATION", spdx.RelationshipDependsOn)
	for _, module := range binary.info.Deps {
		if dependencies[module.Path] != 1 {
			t.Errorf("the document lacks %s", module.Path)
		}
	}
	if dependencies["stdlib"] != 1 || dependencies["github.com/google/go-containerregistry"] != 1 {
		t.Errorf("the binary depends on %v, want the standard library and what the program imports", dependencies)
	}
	if want := len(binary.info.Deps) + 1; len(dependencies) != want {
		t.Errorf("the binary depends on %d packages, want %d", len(dependencies), want)
	}
	for _, listed := range document.Packages {
		switch {
		case listed.PrimaryPackagePurpose == "APPLICATION":
			if listed.PackageChecksums[0].Value != binary.digest || listed.PackageVersion != testVersion {
				t.Errorf("the binary is listed as %s with %v", listed.PackageVersion, listed.PackageChecksums)
			}
		case listed.PackageName != "stdlib" && !strings.HasPrefix(listed.PackageSourceInfo, "go.sum h1:"):
			t.Errorf("%s has no sum", listed.PackageName)
		}
	}
}

func TestBillOfImageListsBothPlatforms(t *testing.T) {
	built, err := buildImage(testBinaries(t), testRelease(t))
	if err != nil {
		t.Fatal(err)
	}
	document := readBill(t, billOfImage("program", built, testRelease(t)))
	if contained := related(document, "CONTAINER", spdx.RelationshipContains); contained["program"] != 2 {
		t.Errorf("the images contain %v, want the program twice", contained)
	}
	if variants := related(document, "CONTAINER", spdx.RelationshipVariantOf); variants["program"] != 2 {
		t.Errorf("there are variants of %v, want two of the index", variants)
	}
	if dependencies := related(document, "APPLICATION", spdx.RelationshipDependsOn); dependencies["stdlib"] != 2 {
		t.Errorf("the binaries depend on %v, want each on the standard library", dependencies)
	}
}

func TestNamespaceFollowsTheContent(t *testing.T) {
	binaries := testBinaries(t)
	first := readBill(t, billOfBinary(binaries[0], testRelease(t))).DocumentNamespace
	if again := readBill(t, billOfBinary(binaries[0], testRelease(t))).DocumentNamespace; again != first {
		t.Errorf("one document has the namespaces %s and %s", first, again)
	}
	changed := *binaries[0]
	changed.digest = strings.Repeat("0", 64)
	if other := readBill(t, billOfBinary(&changed, testRelease(t))).DocumentNamespace; other == first {
		t.Errorf("two documents have the namespace %s", first)
	}
}

func TestIdentifiersAreTheirOwn(t *testing.T) {
	b := newBill("test", testRelease(t))
	if one, other := b.identifier("a_b"), b.identifier("a/b"); one == other {
		t.Errorf("two names have the identifier %s", one)
	}
}

func TestGolangPURL(t *testing.T) {
	const want = "pkg:golang/github.com/burntsushi/toml@v1.6.0%2Bincompatible"
	if got := golangPURL("github.com/BurntSushi/toml", "v1.6.0+incompatible"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
