// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package alerts

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/util/sets"
	_ "sigs.k8s.io/controller-runtime/pkg/controller" // Registers the metrics of controllers and of the process.
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/novasphere/wukong/pkg/metrics"
)

// description is how a registry tells of a metric.
var description = regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)

// served returns what the manager serves, by the names of the series, and their labels.
func served(t *testing.T) map[string]sets.Set[string] {
	t.Helper()
	found := map[string]sets.Set[string]{}
	add := func(name string, labels []string) {
		found[name] = sets.New(append(labels, "job", "instance")...)
		for _, suffix := range []string{"_count", "_sum", "_bucket"} {
			found[name+suffix] = found[name].Clone().Insert("le")
		}
	}
	for _, metric := range metrics.All() {
		var labels []string
		for _, label := range metric.Labels {
			labels = append(labels, label.Name)
		}
		add(metric.Name, labels)
	}
	registry, describes := ctrlmetrics.Registry.(prometheus.Collector)
	if !describes {
		t.Fatal("the registry of controller-runtime does not describe its metrics")
	}
	descs := make(chan *prometheus.Desc)
	go func() {
		registry.Describe(descs)
		close(descs)
	}()
	for desc := range descs {
		if match := description.FindStringSubmatch(desc.String()); match != nil {
			add(match[1], strings.FieldsFunc(match[2], func(r rune) bool { return r == ',' }))
		}
	}
	if len(found) < 100 {
		t.Fatalf("the manager serves only %d series", len(found))
	}
	return found
}

var (
	text     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	matchers = regexp.MustCompile(`\{([^}]*)\}`)
	window   = regexp.MustCompile(`\[[^\]]*\]`)
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	matcher  = regexp.MustCompile(`([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)`)
	word     = regexp.MustCompile(`\b[a-zA-Z_:][\w:]*\b(\s*\()?`)
)

// operators are words of PromQL that are neither a function's name nor a metric's.
var operators = sets.New("and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right")

// named returns the names of series in an expression, and the labels by which it selects and groups them.
func named(expression string) (names, labels sets.Set[string]) {
	names, labels = sets.New[string](), sets.New[string]()
	rest := text.ReplaceAllString(expression, `""`)
	for _, match := range matchers.FindAllStringSubmatch(rest, -1) {
		for _, label := range matcher.FindAllStringSubmatch(match[1], -1) {
			labels.Insert(label[1])
		}
	}
	rest = window.ReplaceAllString(matchers.ReplaceAllString(rest, ""), "")
	for _, match := range grouping.FindAllStringSubmatch(rest, -1) {
		for label := range strings.SplitSeq(match[1], ",") {
			if label = strings.TrimSpace(label); label != "" {
				labels.Insert(label)
			}
		}
	}
	for _, match := range word.FindAllStringSubmatch(grouping.ReplaceAllString(rest, ""), -1) {
		if match[1] == "" && !operators.Has(match[0]) {
			names.Insert(match[0])
		}
	}
	return names, labels
}

// check returns what an expression names that the manager does not serve.
func check(expression string, served map[string]sets.Set[string]) []string {
	names, labels := named(expression)
	var problems []string
	if names.Len() == 0 {
		problems = append(problems, "it names no metric")
	}
	has := sets.New[string]()
	for name := range names {
		if served[name] == nil {
			problems = append(problems, fmt.Sprintf("%s is not served", name))
		}
		has = has.Union(served[name])
	}
	for label := range labels.Difference(has) {
		problems = append(problems, fmt.Sprintf("nothing in it has the label %s", label))
	}
	return problems
}

func TestNamed(t *testing.T) {
	const expression = `sum by (a, le) (rate(x_total{b="by (no) {",c!~"y"}[5m])) > 0.5e3 and on (job) max(y:z) or histogram_quantile(0.9, w_bucket offset 1h)`
	names, labels := named(expression)
	if want := sets.New("x_total", "y:z", "w_bucket"); !names.Equal(want) {
		t.Errorf("names: got %v, want %v", sets.List(names), sets.List(want))
	}
	if want := sets.New("a", "b", "c", "le", "job"); !labels.Equal(want) {
		t.Errorf("labels: got %v, want %v", sets.List(labels), sets.List(want))
	}
}

func TestRulesNameWhatIsServed(t *testing.T) {
	series := served(t)
	for _, rule := range rules(t) {
		for _, problem := range check(rule.Expr, series) {
			t.Errorf("%s: %s", rule.Alert, problem)
		}
	}
}

// TestRecordedSeriesAreLikeThoseServed keeps the recorded series from proving alerts on series that nobody serves.
func TestRecordedSeriesAreLikeThoseServed(t *testing.T) {
	series := served(t)
	for _, test := range recorded(t) {
		for _, input := range test.InputSeries {
			names, labels := named(input.Series)
			for name := range names {
				// A build's Go version and the like may be left out, but for what tells the replicas apart.
				if extra := labels.Difference(series[name]); extra.Len() > 0 || !labels.HasAll("job", "instance") {
					t.Errorf("%s: %s has other labels than the manager serves: %v", test.Name, input.Series, sets.List(extra))
				}
			}
		}
	}
}
