// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/controlplane"
)

// managerWrites returns what the manager has written, but for the leader's lease. Reviews of who may read the metrics are
// questions, not writes.
func (w *world) managerWrites() []controlplane.Write {
	w.t.Helper()
	writes, err := w.Plane.Writes(func(write controlplane.Write) bool {
		return write.User == lab.ManagerUser && !write.DryRun && write.Resource != "leases" &&
			write.APIGroup != "authentication.k8s.io" && write.APIGroup != "authorization.k8s.io"
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return writes
}

func list(writes []controlplane.Write) string {
	text := ""
	for _, write := range writes {
		text += fmt.Sprintf("\n  %s %s/%s %s %d by %s", write.Verb, write.Resource, write.Subresource, write.Name, write.Code, write.FieldManager)
	}
	return text
}

// untilReady returns the writes up to the one that made the machine ready, which is the last summary.
func untilReady(writes []controlplane.Write) []controlplane.Write {
	for last := len(writes); last > 0; last-- {
		if write := writes[last-1]; write.Resource == "wukongs" && write.Subresource == "status" && write.FieldManager == "wukong-wukong" {
			return writes[:last]
		}
	}
	return nil
}

// TestWritesUntilReady counts what one machine with three networks costs the API server, status included.
func TestWritesUntilReady(t *testing.T) {
	// On a slow machine more time passes on the way, and more of it would be told.
	w := newQuietWorld(t, lab.Options{}, "--progress-interval=1m")
	w.reported()
	w.create(newWukong("default", "vm",
		static("192.168.1.10/24", bridged("one", "br-one", 101)),
		static("192.168.2.10/24", bridged("two", "br-two", 102)),
		static("192.168.3.10/24", bridged("three", "br-three", 103))))
	w.expectReady("default", "vm")
	// What is refused is tried until admission knows of the namespace's first Wukong, and events are not waited for.
	writes := slices.DeleteFunc(untilReady(w.managerWrites()), func(write controlplane.Write) bool {
		return write.Code >= http.StatusMultipleChoices || write.Resource == "events"
	})
	// Three claims, networks, policies and attachments, the Secret and the machine, and as it is the namespace's first one the
	// right to write the Secret.
	const children = 3*4 + 2 + 1
	if most := 2*children + 4; len(writes) > most {
		t.Errorf("%d writes for %d children, at most %d are allowed:%s", len(writes), children, most, list(writes))
	}
	t.Logf("%d writes for %d children:%s", len(writes), children, list(writes))
}

const settledMachines = 200

// TestSettledClusterIsNotWrittenTo lets two hundred machines settle, and then counts the writes of full resyncs and of a
// restart of the manager.
func TestSettledClusterIsNotWrittenTo(t *testing.T) {
	w := newQuietWorld(t, lab.Options{})
	for i := range settledMachines {
		w.create(newWukong("default", fmt.Sprintf("vm-%d", i), bridged("lan", fmt.Sprintf("br-%d", i%10), int32(100+i%10))))
	}
	for i := range settledMachines {
		w.expectReady("default", fmt.Sprintf("vm-%d", i))
	}
	scrape := w.scraper()
	settled := w.settle(scrape)

	if err := w.manager.Stop(); err != nil {
		t.Fatal(err)
	}
	// A resync every few seconds instead of every few hours.
	w.startManager("--sync-period=5s")
	w.eventually("several resyncs have passed", func(ctx context.Context) error {
		reconciled, err := w.sum(scrape, `controller_runtime_reconcile_total\{.*\} (\S+)`)
		if err == nil && reconciled < 12*settledMachines {
			err = fmt.Errorf("%d reconciles", reconciled)
		}
		return err
	})
	if after := w.managerWrites(); len(after) != settled {
		t.Errorf("a restart and resyncs of a settled cluster wrote %d times:%s", len(after)-settled, list(after[settled:]))
	}
}

// quiet is longer than any report is put off or gathered for.
const quiet = 6 * time.Second

// settle waits until the manager has nothing more to do and has not written for a while, and returns how often it has.
func (w *world) settle(scrape string) int {
	w.t.Helper()
	settled := 0
	w.eventually("the manager has nothing more to write", func(context.Context) error {
		writes := w.managerWrites()
		settled = len(writes)
		if last := writes[settled-1]; time.Since(last.Time) < quiet {
			return fmt.Errorf("it has just written:%s", list(writes[settled-1:]))
		}
		return w.idle(scrape)
	})
	return settled
}

// scraper returns the token of somebody who may read the metrics, and checks that nobody else may.
func (w *world) scraper() string {
	w.t.Helper()
	w.create(
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: lab.ManagerNamespace, Name: "scraper"}},
		&rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "scraper"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "wukong-metrics-reader"},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: lab.ManagerNamespace, Name: "scraper"}},
		})
	config, err := w.Plane.ServiceAccountConfig(w.t.Context(), lab.ManagerNamespace, "scraper")
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.metrics(""); err == nil {
		w.t.Error("the metrics are served to anybody")
	}
	return config.BearerToken
}

func (w *world) metrics(token string) (string, error) {
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "https://"+w.manager.MetricsAddress()+"/metrics", nil)
	if err != nil {
		return "", err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	// The manager signs its own certificate where it is given none.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // loopback, a test.
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return "", errors.New(response.Status)
	}
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// sum adds up the samples of the metrics that a pattern matches.
func (w *world) sum(token, pattern string) (int, error) {
	text, err := w.metrics(token)
	if err != nil {
		return 0, err
	}
	total := 0.0
	for _, match := range regexp.MustCompile(`(?m)^`+pattern+`$`).FindAllStringSubmatch(text, -1) {
		value, err := strconv.ParseFloat(match[1], 64)
		if err != nil {
			return 0, err
		}
		total += value
	}
	return int(total), nil
}

// idle returns an error while the manager has something to do.
func (w *world) idle(token string) error {
	for _, metric := range []string{"workqueue_depth", "controller_runtime_active_workers"} {
		busy, err := w.sum(token, metric+`\{.*\} (\S+)`)
		if err != nil {
			return err
		}
		if busy > 0 {
			return fmt.Errorf("%s is %d", metric, busy)
		}
	}
	return nil
}
