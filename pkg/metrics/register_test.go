// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// fill lets every metric of the process have a sample.
func fill() {
	_ = count("Wukong", "status", "apply", nil)
	Reached(&vmv1alpha1.Wukong{ObjectMeta: metav1.ObjectMeta{UID: "fill"}},
		[]metav1.Condition{{Type: vmv1alpha1.ConditionReady, Status: metav1.ConditionTrue}})
}

// TestNames checks every metric with Prometheus' own linter, and that all of them are listed, and nothing else.
func TestNames(t *testing.T) {
	fill()
	registry := register(t, cluster(t))
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	served, listed := sets.New[string](), sets.New[string]()
	for _, family := range families {
		served.Insert(family.GetName())
	}
	for _, metric := range All() {
		listed.Insert(metric.Name)
		if !strings.HasPrefix(metric.Name, "wukong_") || !strings.HasSuffix(metric.Help, ".") || strings.Contains(metric.Help, "|") {
			t.Errorf("%s: the name has to begin with wukong_, and the help to be a sentence", metric.Name)
		}
	}
	if !served.Equal(listed) {
		t.Errorf("served, but not listed: %v; listed, but not served: %v", served.Difference(listed), listed.Difference(served))
	}
}

func TestBuildInfo(t *testing.T) {
	expect(t, register(t, cluster(t)), buildInfo, `wukong_build_info{goversion="`+runtime.Version()+`",version="v1"} 1`)
}

func TestRegisterTwice(t *testing.T) {
	registry := register(t, cluster(t))
	var taken prometheus.AlreadyRegisteredError
	if err := Register(registry, "v1", cluster(t)); !errors.As(err, &taken) {
		t.Errorf("got %v, want to be told that the metrics are registered", err)
	}
}
