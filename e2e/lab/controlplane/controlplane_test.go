// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/novasphere/wukong/e2e/lab/binaries"
)

func TestGarbageIsCollected(t *testing.T) {
	client := clientFor(t, shared.Config())
	namespace := newNamespace(t, client)
	owner := createConfigMap(t, client, namespace, "owner")
	createConfigMap(t, client, namespace, "owned", metav1.OwnerReference{
		APIVersion: "v1", Kind: "ConfigMap", Name: owner.Name, UID: owner.UID,
	})

	if err := client.CoreV1().ConfigMaps(namespace).Delete(t.Context(), owner.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		_, err := client.CoreV1().ConfigMaps(namespace).Get(t.Context(), "owned", metav1.GetOptions{})
		return unlessNotFound("the config map whose owner is gone", err)
	})
}

func TestNamespacesAreEmptied(t *testing.T) {
	client := clientFor(t, shared.Config())
	namespace := newNamespace(t, client)
	createConfigMap(t, client, namespace, "content")

	if err := client.CoreV1().Namespaces().Delete(t.Context(), namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		_, err := client.CoreV1().Namespaces().Get(t.Context(), namespace, metav1.GetOptions{})
		return unlessNotFound("the deleted namespace", err)
	})
}

func TestAggregatedServersCanLearnWhomToBelieve(t *testing.T) {
	client := clientFor(t, shared.Config())
	trust, err := client.CoreV1().ConfigMaps(metav1.NamespaceSystem).
		Get(t.Context(), "extension-apiserver-authentication", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"client-ca-file", "requestheader-client-ca-file", "requestheader-allowed-names"} {
		if trust.Data[key] == "" {
			t.Errorf("extension-apiserver-authentication has no %s", key)
		}
	}
}

func TestServerVersionIsStamped(t *testing.T) {
	version, err := clientFor(t, shared.Config()).Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if version.Major != "1" || version.Minor == "" || strings.HasPrefix(version.GitVersion, "v0.") {
		t.Errorf("the server says it is %+v", version)
	}
}

func TestControllerManagerCanBeRestarted(t *testing.T) {
	before := shared.controllerManager.PID()
	if err := shared.RestartControllerManager(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := shared.controllerManager.PID(); after == before {
		t.Errorf("the process is still %d", after)
	}
	assertGone(t, before)
	t.Run("and still collects garbage", TestGarbageIsCollected)
}

func TestStopLeavesNothing(t *testing.T) {
	plane, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	pids := []int{
		plane.etcd.PID(), plane.apiServer.PID(), plane.controllerManager.PID(),
	}
	// A watch is what makes an apiserver want to stay.
	watch, err := clientFor(t, plane.Config()).CoreV1().Namespaces().Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Stop()

	started := time.Now()
	if err := plane.Stop(); err != nil {
		t.Error(err)
	}
	t.Logf("stopped in %s", time.Since(started))
	for _, pid := range pids {
		assertGone(t, pid)
	}
	if _, err := os.Stat(plane.Folder()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder %s is still there (%v)", plane.Folder(), err)
	}
	if err := plane.Stop(); err != nil {
		t.Errorf("stopping again: %v", err)
	}
}

func TestStopTellsOfAComponentThatHadEnded(t *testing.T) {
	plane, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := plane.apiServer.end(); err != nil {
		t.Fatal(err)
	}
	if err := plane.Stop(); err == nil || !strings.Contains(err.Error(), apiServer+" had ended") {
		t.Errorf("got error %v, want to be told that %s had ended", err, apiServer)
	}
}

func TestFailedStartShowsTheLogAndLeavesNothing(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	assets := shared.assets
	assets.KubeAPIServer = script(t, "echo this flag is unknown >&2; exit 1")

	_, err := Start(t.Context(), Options{Assets: assets})
	if err == nil || !strings.Contains(err.Error(), "this flag is unknown") {
		t.Errorf("got error %v, want the component's log in it", err)
	}
	assertEmpty(t, temporary)
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	assets := shared.assets
	assets.Etcd = script(t, "echo $$ > "+filepath.Join(temporary, "pid")+"; exec sleep 600")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := Start(ctx, Options{Assets: assets})
		ended <- err
	}()
	eventually(t, func() string { return notWritten(filepath.Join(temporary, "pid")) })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want that the context was cancelled", err)
	}

	var pid int
	content, err := os.ReadFile(filepath.Join(temporary, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(string(content), &pid); err != nil {
		t.Fatal(err)
	}
	assertGone(t, pid)
}

func TestTakenPortIsToldApart(t *testing.T) {
	listener, err := net.Listen("tcp", address(0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	folder := t.TempDir()
	plane := &ControlPlane{assets: shared.assets, files: files{folder: folder}}
	defer func() {
		if err := plane.shutDown(); err != nil {
			t.Error(err)
		}
	}()
	if plane.ports, err = freePorts(); err != nil {
		t.Fatal(err)
	}
	// It takes connections and says nothing, as a process that is busy does.
	plane.ports.etcdClient = listener.Addr().(*net.TCPAddr).Port
	if err := plane.writeFiles(); err != nil {
		t.Fatal(err)
	}

	if err := plane.startEtcd(t.Context()); !errors.Is(err, errPortTaken) {
		t.Errorf("got error %v, want %v", err, errPortTaken)
	}
}

func TestStartTriesOtherPortsOnce(t *testing.T) {
	attempts := filepath.Join(t.TempDir(), "attempts")
	taken := script(t, "echo attempt >> "+attempts+"; echo bind: address already in use >&2; exit 1")
	assets := binaries.Assets{Etcd: taken, KubeAPIServer: taken, KubeControllerManager: taken}

	if _, err := Start(t.Context(), Options{Assets: assets}); !errors.Is(err, errPortTaken) {
		t.Errorf("got error %v, want %v", err, errPortTaken)
	}
	content, err := os.ReadFile(attempts)
	if err != nil {
		t.Fatal(err)
	}
	if made := strings.Count(string(content), "attempt"); made != 2 {
		t.Errorf("made %d attempts, want 2", made)
	}
}

func createConfigMap(
	t *testing.T, client *kubernetes.Clientset, namespace, name string, owners ...metav1.OwnerReference,
) *corev1.ConfigMap {
	t.Helper()
	created, err := client.CoreV1().ConfigMaps(namespace).Create(t.Context(),
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: owners}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return created
}

func unlessNotFound(what string, err error) string {
	if apierrors.IsNotFound(err) {
		return ""
	}
	return fmt.Sprintf("%s is still there (error %v)", what, err)
}

func notWritten(path string) string {
	if content, err := os.ReadFile(path); err != nil || len(content) == 0 {
		return path + " is not written"
	}
	return ""
}

// script stands in for a component that misbehaves.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "component")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func assertGone(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there (%v)", pid, err)
	}
}

func assertEmpty(t *testing.T, folder string) {
	t.Helper()
	left, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("%v is left in %s", left, folder)
	}
}
