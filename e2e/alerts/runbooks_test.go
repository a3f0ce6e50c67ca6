// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package alerts

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/sets"
)

// TestRunbooks finds a page for each alert, an alert for each page, and the alert in the page on metrics.
func TestRunbooks(t *testing.T) {
	list := content(t, filepath.Join(root, "docs", "metrics.md"))
	alerts := sets.New[string]()
	for _, rule := range rules(t) {
		alerts.Insert(rule.Alert)
		if row := "| [" + rule.Alert + "](runbooks/" + rule.Alert + ".md) | " + rule.Labels["severity"] + " |"; !strings.Contains(list, row) {
			t.Errorf("the page on metrics has no row %s", row)
		}
	}
	if rows := strings.Count(list, "](runbooks/"); rows != alerts.Len() {
		t.Errorf("the page on metrics has %d rows for %d alerts", rows, alerts.Len())
	}
	for _, path := range runbooks(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".md")
		if !alerts.Has(name) {
			t.Errorf("%s is the page of no alert", path)
		}
		alerts.Delete(name)
		page := content(t, path)
		at := 0
		for _, section := range []string{"# " + name + "\n", "## Meaning\n", "## Impact\n", "## Diagnosis\n", "## What to do\n"} {
			next := strings.Index(page[at:], section)
			if next < 0 {
				t.Errorf("%s lacks the section %q, or has it elsewhere", path, strings.TrimSpace(section))
				continue
			}
			at += next
		}
	}
	for name := range alerts {
		t.Errorf("%s has no page", name)
	}
}

func runbooks(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "docs", "runbooks", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func content(t *testing.T, path string) string {
	t.Helper()
	read, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(read)
}

// ofMetrics are the beginnings of the names that are metrics', wherever they stand.
var ofMetrics = regexp.MustCompile(`\b(?:wukong|controller_runtime|workqueue|leader_election|rest_client)_[a-z_]+\b`)

// TestPagesNameWhatIsServed looks up each metric that a page names.
func TestPagesNameWhatIsServed(t *testing.T) {
	series := served(t)
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, path := range append(pages, runbooks(t)...) {
		for _, name := range ofMetrics.FindAllString(content(t, path), -1) {
			found++
			if series[name] == nil {
				t.Errorf("%s names %s, which is not served", path, name)
			}
		}
	}
	if found == 0 {
		t.Error("no page names a metric")
	}
}

// TestTheLeaseIsTheManagers compares the name of the lease in rules with the manager's own.
func TestTheLeaseIsTheManagers(t *testing.T) {
	match := regexp.MustCompile(`leaderElectionID = "([^"]+)"`).FindStringSubmatch(content(t, filepath.Join(root, "cmd", "manager", "run.go")))
	if match == nil {
		t.Fatal("the manager's lease is not found in its source")
	}
	leases := regexp.MustCompile(`leader_election_master_status\{name=\\?"([^"\\]+)\\?"`)
	for _, path := range []string{rulesFile, dashboardFile} {
		uses := leases.FindAllStringSubmatch(content(t, path), -1)
		if len(uses) == 0 {
			t.Errorf("%s does not look at the lease", path)
		}
		for _, use := range uses {
			if use[1] != match[1] {
				t.Errorf("%s looks at the lease %s, the manager's is %s", path, use[1], match[1])
			}
		}
	}
}
