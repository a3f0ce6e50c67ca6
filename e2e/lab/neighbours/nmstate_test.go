// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestNMStatePolicyGuardsWhatIsInProgress(t *testing.T) {
	install(t, NMState)
	defer remove(t, NMState)
	policy := create(t, samples[NMState])

	_, err := changeSpec(t, policy)
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "still in progress") {
		t.Fatalf("a policy without a status was changed (error %v)", err)
	}

	for _, step := range []struct {
		reason  string
		allowed bool
	}{
		{reason: "ConfigurationProgressing", allowed: false},
		{reason: "SuccessfullyConfigured", allowed: true},
	} {
		policy = setAvailable(t, policy, step.reason)
		if _, err := changeSpec(t, policy); (err == nil) != step.allowed {
			t.Errorf("with the reason %s the policy was changed with error %v, want allowed: %t", step.reason, err, step.allowed)
		}
	}
}

func TestNMStatePolicyIsThereWithoutAPrefix(t *testing.T) {
	loaded, err := load(NMState)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, policy := range loaded.policies {
		names = append(names, policy.GetKind()+"/"+policy.GetName())
	}
	want := "ValidatingAdmissionPolicy/nncp-validation-policy ValidatingAdmissionPolicyBinding/nncp-validation-policy-binding"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func changeSpec(t *testing.T, policy *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	t.Helper()
	changed := policy.DeepCopy()
	if err := unstructured.SetNestedField(changed.Object, "node-2", "spec", "nodeSelector", "kubernetes.io/hostname"); err != nil {
		t.Fatal(err)
	}
	return resource(t, changed).Update(t.Context(), changed, metav1.UpdateOptions{})
}

func setAvailable(t *testing.T, policy *unstructured.Unstructured, reason string) *unstructured.Unstructured {
	t.Helper()
	reported := policy.DeepCopy()
	conditions := []any{map[string]any{"type": "Available", "status": "Unknown", "reason": reason}}
	if err := unstructured.SetNestedSlice(reported.Object, conditions, "status", "conditions"); err != nil {
		t.Fatal(err)
	}
	updated, err := resource(t, reported).UpdateStatus(t.Context(), reported, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return updated
}
