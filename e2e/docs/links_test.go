// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	// notInAnchor is what GitHub leaves out of a heading's anchor.
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// links returns the targets of the page's links.
func (p page) links() []string {
	var targets []string
	for _, match := range link.FindAllStringSubmatch(p.prose, -1) {
		targets = append(targets, match[1])
	}
	return targets
}

// TestLinks follows each link that stays in the repository, to its heading where it names one.
func TestLinks(t *testing.T) {
	for _, page := range pages(t) {
		for _, target := range page.links() {
			if strings.Contains(target, "://") {
				continue
			}
			file, anchor, _ := strings.Cut(target, "#")
			where := page.path
			if file != "" {
				where = path.Join(path.Dir(page.path), file)
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(where))); err != nil {
				t.Errorf("%s links to %s: %v", page.path, target, err)
				continue
			}
			if anchor != "" && !hasHeading(readPage(t, where), anchor) {
				t.Errorf("%s links to %s, which has no such heading", page.path, target)
			}
		}
	}
}

func hasHeading(p page, anchor string) bool {
	for _, match := range heading.FindAllStringSubmatch(p.prose, -1) {
		text := notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(match[1])), "")
		if strings.ReplaceAll(text, " ", "-") == anchor {
			return true
		}
	}
	return false
}
