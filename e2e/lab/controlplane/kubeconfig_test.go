// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"path/filepath"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

func TestKubeconfigIsTheAdmins(t *testing.T) {
	if user := whoAmI(t, fromKubeconfig(t, shared.Kubeconfig())); user != adminUser {
		t.Errorf("the kubeconfig is %s's, want %s's", user, adminUser)
	}
}

func TestServiceAccountKubeconfigHasTheRightsOfTheServiceAccount(t *testing.T) {
	admin := clientFor(t, shared.Config())
	namespace := newNamespace(t, admin)
	if _, err := admin.CoreV1().ServiceAccounts(namespace).Create(t.Context(),
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "operator"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := shared.ServiceAccountKubeconfig(t.Context(), namespace, "operator", path); err != nil {
		t.Fatal(err)
	}

	client := fromKubeconfig(t, path)
	if user, want := whoAmI(t, client), "system:serviceaccount:"+namespace+":operator"; user != want {
		t.Errorf("the kubeconfig is %s's, want %s's", user, want)
	}
	if _, err := client.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a service account without rights listed secrets (error %v)", err)
	}
}

func TestServiceAccountKubeconfigNeedsTheServiceAccount(t *testing.T) {
	err := shared.ServiceAccountKubeconfig(t.Context(), "default", "absent", filepath.Join(t.TempDir(), "kubeconfig"))
	if !apierrors.IsNotFound(err) {
		t.Errorf("got error %v, want that it was not found", err)
	}
}

func fromKubeconfig(t *testing.T, path string) *kubernetes.Clientset {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	return clientFor(t, config)
}

func whoAmI(t *testing.T, client *kubernetes.Clientset) string {
	t.Helper()
	review, err := client.AuthenticationV1().SelfSubjectReviews().Create(t.Context(),
		&authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return review.Status.UserInfo.Username
}
