// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1apply "k8s.io/client-go/applyconfigurations/core/v1"
)

func TestWritesAreRecorded(t *testing.T) {
	config := shared.Config()
	config.UserAgent = "lab-test"
	client := clientFor(t, config)
	namespace := newNamespace(t, client)
	maps := client.CoreV1().ConfigMaps(namespace)
	createConfigMap(t, client, namespace, "written")
	if _, err := maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "tried"}},
		metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		t.Fatal(err)
	}
	if _, err := maps.Apply(t.Context(), corev1apply.ConfigMap("written", namespace),
		metav1.ApplyOptions{FieldManager: "somebody"}); err != nil {
		t.Fatal(err)
	}
	if err := maps.Delete(t.Context(), "absent", metav1.DeleteOptions{}); err == nil {
		t.Fatal("deleted what is not there")
	}
	// Reads are not writes.
	if _, err := maps.List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}

	want := []string{
		"create written 201  false",
		"create tried 201  true",
		"patch written 200 somebody false",
		"delete absent 404  false",
	}
	eventually(t, func() string {
		writes, err := shared.Writes(func(write Write) bool {
			return write.Namespace == namespace && write.Resource == "configmaps" && write.User == adminUser
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, write := range writes {
			got = append(got, fmt.Sprintf("%s %s %d %s %t", write.Verb, write.Name, write.Code, write.FieldManager, write.DryRun))
			if write.UserAgent != "lab-test" || write.Time.IsZero() {
				t.Errorf("the write lacks its user agent or its time: %+v", write)
			}
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			return fmt.Sprintf("the writes are %q, want %q", got, want)
		}
		return ""
	})
}

func TestReadWritesLeavesAnUnfinishedLineAlone(t *testing.T) {
	const finished = `{"stage":"ResponseComplete","verb":"create","objectRef":{"resource":"pods"},"responseStatus":{"code":201}}`
	writes, err := readWrites(strings.NewReader(finished+"\n"+finished[:20]), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(writes) != 1 || writes[0].Resource != "pods" || writes[0].Code != 201 {
		t.Errorf("got %+v, want the one write that is complete", writes)
	}
}
