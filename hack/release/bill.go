// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"runtime/debug"
	"strings"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdx/v2/common"
)

const (
	noAssertion = "NOASSERTION"
	documentID  = "DOCUMENT"
)

// outsideID are the characters that an identifier of SPDX cannot have.
var outsideID = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// bill is a bill of materials in the making: an SPDX document that lists each package once.
type bill struct {
	document *spdx.Document
	release  release
	// listed has the identifier of each package by its purl, taken how often an identifier was given out.
	listed map[string]spdx.ElementID
	taken  map[string]int
}

func newBill(name string, release release) *bill {
	return &bill{
		release: release,
		listed:  map[string]spdx.ElementID{},
		taken:   map[string]int{},
		document: &spdx.Document{
			SPDXVersion:    spdx.Version,
			DataLicense:    spdx.DataLicense,
			SPDXIdentifier: documentID,
			DocumentName:   name,
			CreationInfo: &spdx.CreationInfo{
				Created: release.created(),
				Creators: []spdx.Creator{
					{CreatorType: "Organization", Creator: supplier},
					{CreatorType: "Tool", Creator: "wukong-release-" + release.version},
				},
			},
		},
	}
}

// billOfBinary lists what a binary is linked from.
func billOfBinary(binary *binary, release release) *bill {
	b := newBill(binary.artifact(release.version), release)
	b.relate(documentID, spdx.RelationshipDescribes, b.addBinary(binary))
	return b
}

// billOfImage lists the images of an index and the binaries in them. There is nothing else in them.
func billOfImage(name string, image *image, release release) *bill {
	b := newBill(name+"-"+release.version+"-image", release)
	index := b.addImage(name, image.digest, "")
	b.relate(documentID, spdx.RelationshipDescribes, index)
	for _, platform := range image.platforms {
		single := b.addImage(name, platform.digest, platform.binary.architecture())
		b.relate(single, spdx.RelationshipVariantOf, index)
		b.relate(single, spdx.RelationshipContains, b.addBinary(platform.binary))
	}
	return b
}

func (b *bill) addImage(name, digest, architecture string) spdx.ElementID {
	purl := "pkg:oci/" + name + "@" + url.QueryEscape(digest)
	version := b.release.version
	if architecture != "" {
		purl += "?arch=" + architecture
		version += "-linux-" + architecture
	}
	return b.add(purl, "Image-"+version, &spdx.Package{
		PackageName:             name,
		PackageVersion:          b.release.version,
		PackageSupplier:         ourselves(),
		PackageDownloadLocation: noAssertion,
		PackageChecksums:        []spdx.Checksum{{Algorithm: spdx.SHA256, Value: strings.TrimPrefix(digest, "sha256:")}},
		PackageLicenseDeclared:  licence,
		PrimaryPackagePurpose:   "CONTAINER",
	})
}

// addBinary adds a binary and the modules in it. Build information does not tell which of them another one brought along, so the
// binary depends on each.
func (b *bill) addBinary(binary *binary) spdx.ElementID {
	main := binary.info.Main.Path
	inside := strings.TrimPrefix(strings.TrimPrefix(binary.info.Path, main), "/")
	platform := binary.system() + "-" + binary.architecture()
	purl := fmt.Sprintf("%s?goarch=%s&goos=%s#%s", golangPURL(main, b.release.version), binary.architecture(), binary.system(), inside)
	id := b.add(purl, "Binary-"+binary.product()+"-"+platform, &spdx.Package{
		PackageName:             binary.product(),
		PackageVersion:          b.release.version,
		PackageFileName:         binary.file(),
		PackageSupplier:         ourselves(),
		PackageDownloadLocation: noAssertion,
		PackageChecksums:        []spdx.Checksum{{Algorithm: spdx.SHA256, Value: binary.digest}},
		PackageSourceInfo:       "revision " + b.release.revision + " of " + source,
		PackageLicenseDeclared:  licence,
		PrimaryPackagePurpose:   "APPLICATION",
	})
	for _, module := range binary.info.Deps {
		b.relate(id, spdx.RelationshipDependsOn, b.addModule(module))
	}
	b.relate(id, spdx.RelationshipDependsOn, b.addStandardLibrary(binary.info.GoVersion))
	return id
}

func (b *bill) addModule(module *debug.Module) spdx.ElementID {
	if module.Replace != nil {
		module = module.Replace
	}
	added := &spdx.Package{
		PackageName:             module.Path,
		PackageVersion:          module.Version,
		PackageDownloadLocation: noAssertion,
		PackageLicenseDeclared:  noAssertion,
		PrimaryPackagePurpose:   "LIBRARY",
	}
	if module.Sum != "" {
		// A digest of a list of digests, not of a file, so it cannot be one of the package's checksums.
		added.PackageSourceInfo = "go.sum " + module.Sum
	}
	return b.add(golangPURL(module.Path, module.Version), "Module-"+module.Path+"-"+module.Version, added)
}

func (b *bill) addStandardLibrary(goVersion string) spdx.ElementID {
	version, _, _ := strings.Cut(goVersion, " ")
	version = strings.TrimPrefix(version, "go")
	return b.add(golangPURL("stdlib", version), "Module-stdlib-"+version, &spdx.Package{
		PackageName:             "stdlib",
		PackageVersion:          version,
		PackageDownloadLocation: noAssertion,
		PackageLicenseDeclared:  "BSD-3-Clause",
		PrimaryPackagePurpose:   "LIBRARY",
	})
}

// add lists a package, unless it is listed, and returns its identifier.
func (b *bill) add(purl, name string, added *spdx.Package) spdx.ElementID {
	if id, there := b.listed[purl]; there {
		return id
	}
	added.PackageSPDXIdentifier = b.identifier(name)
	added.IsFilesAnalyzedTagPresent = true
	// Nobody looked for licences that are not declared.
	added.PackageLicenseConcluded = noAssertion
	added.PackageCopyrightText = noAssertion
	added.PackageExternalReferences = []*spdx.PackageExternalReference{{
		Category: spdx.CategoryPackageManager,
		RefType:  spdx.PackageManagerPURL,
		Locator:  purl,
	}}
	b.document.Packages = append(b.document.Packages, added)
	b.listed[purl] = added.PackageSPDXIdentifier
	return added.PackageSPDXIdentifier
}

// identifier makes one of a name. Two names can look the same in the few characters that it may have.
func (b *bill) identifier(name string) spdx.ElementID {
	id := outsideID.ReplaceAllString(name, "-")
	b.taken[id]++
	if count := b.taken[id]; count > 1 {
		id = fmt.Sprintf("%s-again-%d", id, count)
	}
	return spdx.ElementID(id)
}

func (b *bill) relate(from spdx.ElementID, relationship string, to spdx.ElementID) {
	b.document.Relationships = append(b.document.Relationships, &spdx.Relationship{
		RefA:         common.MakeDocElementID("", string(from)),
		Relationship: relationship,
		RefB:         common.MakeDocElementID("", string(to)),
	})
}

// write writes the document to a path. Its namespace has to be its own: it comes from all that the document says, so that the
// same document always has the same one.
func (b *bill) write(path string) error {
	b.document.DocumentNamespace = ""
	var content bytes.Buffer
	if err := spdxjson.Write(b.document, &content); err != nil {
		return err
	}
	sum := sha256.Sum256(content.Bytes())
	b.document.DocumentNamespace = source + "/spdx/" + b.document.DocumentName + "-" + hex.EncodeToString(sum[:])
	return writeFile(path, func(out io.Writer) error {
		return spdxjson.Write(b.document, out, spdxjson.Indent("  "), spdxjson.EscapeHTML(false))
	})
}

func ourselves() *spdx.Supplier {
	return &spdx.Supplier{SupplierType: "Organization", Supplier: supplier}
}

// golangPURL is the package URL of a module. Its type wants small letters, whatever the module's path has.
func golangPURL(path, version string) string {
	segments := strings.Split(strings.ToLower(path), "/")
	for i, segment := range segments {
		segments[i] = url.PathEscape(segment)
	}
	return "pkg:golang/" + strings.Join(segments, "/") + "@" + url.QueryEscape(version)
}
