// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package alerts

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/yaml"
)

var dashboardFile = filepath.Join(root, "charts", "wukong", "files", "dashboard.json")

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// dashboard is what Grafana needs of one.
type dashboard struct {
	UID           string `json:"uid"`
	Title         string `json:"title"`
	SchemaVersion int    `json:"schemaVersion"`
	Templating    struct {
		List []struct {
			Name       string      `json:"name"`
			Type       string      `json:"type"`
			Datasource *datasource `json:"datasource"`
			Definition string      `json:"definition"`
		} `json:"list"`
	} `json:"templating"`
	Panels []panel `json:"panels"`
}

type panel struct {
	ID         int         `json:"id"`
	Type       string      `json:"type"`
	Title      string      `json:"title"`
	Datasource *datasource `json:"datasource"`
	GridPos    struct {
		W, H, X, Y int
	} `json:"gridPos"`
	Targets []struct {
		RefID      string      `json:"refId"`
		Datasource *datasource `json:"datasource"`
		Expr       string      `json:"expr"`
	} `json:"targets"`
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var read dashboard
	if err := json.Unmarshal([]byte(content(t, dashboardFile)), &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// TestDashboardIsWhole checks what Grafana needs to load it: a name, panels with an id, a type and a place of their own, and data
// from the source that is chosen.
func TestDashboardIsWhole(t *testing.T) {
	board := readDashboard(t)
	if board.UID != "wukong" || board.Title == "" || board.SchemaVersion < 39 {
		t.Errorf("the dashboard is %q, %q, of schema %d", board.UID, board.Title, board.SchemaVersion)
	}
	chosen := datasource{Type: "prometheus", UID: "${datasource}"}
	ids, kinds := sets.New[int](), sets.New("row", "stat", "table", "timeseries", "bargauge")
	for _, panel := range board.Panels {
		if panel.Title == "" || !kinds.Has(panel.Type) || panel.ID == 0 || ids.Has(panel.ID) {
			t.Errorf("panel %d, %q: its id, title or type %q cannot be used", panel.ID, panel.Title, panel.Type)
		}
		ids.Insert(panel.ID)
		if panel.Type == "row" {
			continue
		}
		if len(panel.Targets) == 0 || panel.Datasource == nil || *panel.Datasource != chosen {
			t.Errorf("%s shows nothing, or not from the source that is chosen", panel.Title)
		}
		for _, target := range panel.Targets {
			if target.RefID == "" || target.Expr == "" || target.Datasource == nil || *target.Datasource != chosen {
				t.Errorf("%s has a query that lacks something: %+v", panel.Title, target)
			}
		}
	}
	if ids.Len() < 12 {
		t.Errorf("there are only %d panels", ids.Len())
	}
}

// TestPanelsDoNotOverlap puts the panels on the grid of 24 columns.
func TestPanelsDoNotOverlap(t *testing.T) {
	taken := map[[2]int]string{}
	for _, panel := range readDashboard(t).Panels {
		place := panel.GridPos
		if place.W <= 0 || place.H <= 0 || place.X < 0 || place.X+place.W > 24 {
			t.Errorf("%s has no place on the grid: %+v", panel.Title, place)
		}
		for x := place.X; x < place.X+place.W; x++ {
			for y := place.Y; y < place.Y+place.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("%s lies over %s", panel.Title, other)
				}
				taken[[2]int{x, y}] = panel.Title
			}
		}
	}
}

// TestVariables finds each variable that is used, and the source that the user chooses.
func TestVariables(t *testing.T) {
	board := readDashboard(t)
	series := served(t)
	known := sets.New("__rate_interval")
	for _, variable := range board.Templating.List {
		known.Insert(variable.Name)
		if match := labelValues.FindStringSubmatch(variable.Definition); match != nil && !series[match[1]].Has(match[2]) {
			t.Errorf("the variable %s asks for what is not served: %s", variable.Name, variable.Definition)
		}
	}
	if !known.Has("datasource") {
		t.Error("the source cannot be chosen")
	}
	for _, match := range variableUse.FindAllStringSubmatch(content(t, dashboardFile), -1) {
		if !known.Has(match[1]) && match[1] != "__all" {
			t.Errorf("there is no variable %s", match[1])
		}
	}
}

var (
	labelValues = regexp.MustCompile(`^label_values\((\w+), (\w+)\)$`)
	variableUse = regexp.MustCompile(`\$\{?(\w+)`)
)

// TestQueries has promtool parse each query, as the expression of a rule, and looks up what it names.
func TestQueries(t *testing.T) {
	series := served(t)
	variables := strings.NewReplacer("$__rate_interval", "5m", "$bridge", ".*")
	type recording struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	var all []recording
	for _, panel := range readDashboard(t).Panels {
		for _, target := range panel.Targets {
			expression := variables.Replace(target.Expr)
			all = append(all, recording{Record: fmt.Sprintf("panel_%d:%s", panel.ID, target.RefID), Expr: expression})
			for _, problem := range check(expression, series) {
				t.Errorf("%s: %s", panel.Title, problem)
			}
		}
	}
	file, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": all}}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "queries.yaml")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", path)
}
