// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package alerts proves the alerts on recorded series, with Prometheus' own promtool, and checks that alerts, runbooks, the dashboard
// and the page on metrics name what the manager serves.
package alerts

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/novasphere/wukong/e2e/lab/binaries"
)

// root is the repository's folder, seen from this package's.
var root = filepath.Join("..", "..")

var (
	rulesFile  = filepath.Join(root, "charts", "wukong", "files", "alerts.yaml")
	seriesFile = filepath.Join("testdata", "alerts_test.yaml")
)

// rule is an alert as Prometheus reads it.
type rule struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func rules(t *testing.T) []rule {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string `json:"name"`
			Rules []rule `json:"rules"`
		} `json:"groups"`
	}
	read(t, rulesFile, &file)
	var found []rule
	for _, group := range file.Groups {
		found = append(found, group.Rules...)
	}
	if len(found) < 12 {
		t.Fatalf("found only %d alerts", len(found))
	}
	return found
}

// series is one of promtool's tests: series, and what alerts make of them.
type series struct {
	Name        string `json:"name"`
	InputSeries []struct {
		Series string `json:"series"`
	} `json:"input_series"`
	AlertRuleTest []struct {
		EvalTime  string `json:"eval_time"`
		Alertname string `json:"alertname"`
		ExpAlerts []any  `json:"exp_alerts"`
	} `json:"alert_rule_test"`
}

func recorded(t *testing.T) []series {
	t.Helper()
	var file struct {
		Tests []series `json:"tests"`
	}
	read(t, seriesFile, &file)
	return file.Tests
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(content, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// promtool runs promtool, which is built when it is not there.
func promtool(t *testing.T, arguments ...string) string {
	t.Helper()
	path, err := binaries.EnsurePromtool(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), path, arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("promtool %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
	return string(output)
}

func TestRulesAreWellFormed(t *testing.T) {
	promtool(t, "check", "rules", "--lint=all", "--lint-fatal", rulesFile)
	known := map[string]bool{}
	for _, rule := range rules(t) {
		if known[rule.Alert] {
			t.Errorf("%s is there twice", rule.Alert)
		}
		known[rule.Alert] = true
		if severity := rule.Labels["severity"]; severity != "critical" && severity != "warning" && severity != "info" {
			t.Errorf("%s has the severity %q", rule.Alert, severity)
		}
		for _, annotation := range []string{"summary", "description"} {
			if !strings.HasSuffix(rule.Annotations[annotation], ".") {
				t.Errorf("%s needs a sentence as its %s", rule.Alert, annotation)
			}
		}
		if want := "https://github.com/novasphere/wukong/blob/main/docs/runbooks/" + rule.Alert + ".md"; rule.Annotations["runbook_url"] != want {
			t.Errorf("%s has the runbook %q, want %s", rule.Alert, rule.Annotations["runbook_url"], want)
		}
	}
}

// TestAlertsFireAndResolve plays the recorded series to the rules.
func TestAlertsFireAndResolve(t *testing.T) {
	t.Log(promtool(t, "test", "rules", seriesFile))
}

// TestEveryAlertFiresAndResolves finds, for each alert, recorded series on which it fires and later does not.
func TestEveryAlertFiresAndResolves(t *testing.T) {
	resolved := map[string]bool{}
	for _, test := range recorded(t) {
		firing := map[string]bool{}
		for _, moment := range test.AlertRuleTest {
			if len(moment.ExpAlerts) > 0 {
				firing[moment.Alertname] = true
			} else if firing[moment.Alertname] {
				resolved[moment.Alertname] = true
			}
		}
	}
	for _, rule := range rules(t) {
		if !resolved[rule.Alert] {
			t.Errorf("%s has no series on which it fires and is over later", rule.Alert)
		}
		delete(resolved, rule.Alert)
	}
	for name := range resolved {
		t.Errorf("there are series for %s, which is no alert", name)
	}
}

// TestMomentsAreInOrder lets the order of a test's moments be that of time, on which the test above relies.
func TestMomentsAreInOrder(t *testing.T) {
	for _, test := range recorded(t) {
		last := map[string]float64{}
		for _, moment := range test.AlertRuleTest {
			at := minutes(t, moment.EvalTime)
			if at <= last[moment.Alertname] {
				t.Errorf("%s: %s is not later than the moment before", test.Name, moment.EvalTime)
			}
			last[moment.Alertname] = at
		}
	}
}

func minutes(t *testing.T, text string) float64 {
	t.Helper()
	var number float64
	var unit string
	if _, err := fmt.Sscanf(text, "%g%s", &number, &unit); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return number * map[string]float64{"m": 1, "h": 60, "d": 24 * 60}[unit]
}
