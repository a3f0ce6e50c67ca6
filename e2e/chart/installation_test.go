// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/controlplane"
	"github.com/novasphere/wukong/e2e/lab/kubelet"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
	"github.com/novasphere/wukong/e2e/lab/process"
)

// installation is a lab in which helm installs Wukong, and whose pods run.
type installation struct {
	*lab.Lab
	t       *testing.T
	kubelet *kubelet.Kubelet
	log     *process.Buffer

	mu sync.Mutex
	// executables are the programs of images, by tag; others hold the present one.
	executables map[string]string
}

// newInstallation starts a lab with a kubelet and without Wukong. It ends with the test.
func newInstallation(t *testing.T) *installation {
	t.Helper()
	started, err := lab.Start(t.Context(), lab.Options{Workloads: true, Neighbours: []neighbours.API{
		neighbours.NMState, neighbours.Multus, neighbours.KubeVirt, neighbours.CDI,
	}})
	if err != nil {
		t.Fatal(err)
	}
	i := &installation{Lab: started, t: t, log: &process.Buffer{}, executables: map[string]string{}}
	t.Cleanup(func() {
		if i.kubelet != nil {
			if err := i.kubelet.Stop(); err != nil {
				t.Error(err)
			}
		}
		if strings.Contains(i.log.String(), "DATA RACE") {
			t.Error("a manager has a data race")
		}
		if t.Failed() {
			lines := strings.Split(i.log.String(), "\n")
			t.Logf("the pods' logs:\n%s", strings.Join(lines[max(0, len(lines)-80):], "\n"))
		}
		if err := started.Stop(); err != nil {
			t.Error(err)
		}
	})
	restrict(t, started.Client, namespace)
	i.kubelet, err = kubelet.Start(context.WithoutCancel(t.Context()), started.Config, kubelet.Options{
		Namespace: namespace, Folder: t.TempDir(), Executable: i.executable, Kubeconfig: started.Plane.ServiceAccountKubeconfig, Log: i.log,
	})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// executable returns the program of an image.
func (i *installation) executable(image string) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	_, tag, _ := strings.Cut(image, ":")
	if executable := i.executables[tag]; executable != "" {
		return executable, nil
	}
	return lab.ManagerExecutable()
}

// helm runs helm on the lab's cluster.
func (i *installation) helm(arguments ...string) string {
	i.t.Helper()
	return mustHelm(i.t, append(arguments, "--kubeconfig="+i.Plane.Kubeconfig(), "--namespace="+namespace)...)
}

// eventually waits until a check holds, and fails the test with its last error.
func (i *installation) eventually(what string, check func(ctx context.Context) error) {
	i.t.Helper()
	last := errors.New("it was never looked at")
	err := wait.PollUntilContextTimeout(i.t.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		if err := check(ctx); err == nil || ctx.Err() == nil {
			last = err
		}
		return last == nil, nil
	})
	if err != nil {
		i.t.Fatalf("%s: %v (%v)", what, last, err)
	}
}

// machine returns a Wukong on a bridge that it shares with every tenth other.
func machine(space string, number int) *vmv1alpha1.Wukong {
	vlan := int32(100 + number%10)
	return &vmv1alpha1.Wukong{
		ObjectMeta: metav1.ObjectMeta{Namespace: space, Name: fmt.Sprintf("vm-%d", number)},
		Spec: vmv1alpha1.WukongSpec{Networks: []vmv1alpha1.Network{{
			Name: "lan", Type: vmv1alpha1.NetworkTypeBridge, BridgeName: fmt.Sprintf("br-%d", vlan), VLANID: &vlan,
		}}},
	}
}

// create creates objects.
func (i *installation) create(objects ...client.Object) {
	i.t.Helper()
	for _, object := range objects {
		if err := i.Client.Create(i.t.Context(), object); err != nil {
			i.t.Fatalf("creating %T %s: %v", object, object.GetName(), err)
		}
	}
}

// expectReady waits until every Wukong of the cluster is ready, and there are as many as wanted.
func (i *installation) expectReady(wanted int) {
	i.t.Helper()
	i.eventually(fmt.Sprintf("%d Wukongs are ready", wanted), func(ctx context.Context) error {
		var list vmv1alpha1.WukongList
		if err := i.Client.List(ctx, &list); err != nil {
			return err
		}
		if len(list.Items) != wanted {
			return fmt.Errorf("there are %d", len(list.Items))
		}
		for _, wukong := range list.Items {
			ready := meta.FindStatusCondition(wukong.Status.Conditions, vmv1alpha1.ConditionReady)
			if ready == nil || ready.Status != metav1.ConditionTrue || ready.ObservedGeneration != wukong.Generation {
				return fmt.Errorf("%s/%s: %+v", wukong.Namespace, wukong.Name, ready)
			}
		}
		return nil
	})
}

// leader returns the pod whose process holds the manager's lease, empty when none is known to.
func (i *installation) leader(ctx context.Context) (string, error) {
	lease := &coordinationv1.Lease{}
	key := client.ObjectKey{Namespace: namespace, Name: "wukong-manager.vm.novasphere.dev"}
	if err := i.Client.Get(ctx, key, lease); err != nil {
		return "", client.IgnoreNotFound(err)
	}
	if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" {
		return "", nil
	}
	var pods corev1.PodList
	if err := i.Client.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{"app.kubernetes.io/component": "manager"}); err != nil {
		return "", err
	}
	for _, pod := range pods.Items {
		leads, err := i.sum(ctx, pod.Name, `leader_election_master_status\{.*\} (\S+)`)
		if err == nil && leads == 1 {
			return pod.Name, nil
		}
	}
	return "", nil
}

// sum adds up what a pattern captures of a pod's metrics.
func (i *installation) sum(ctx context.Context, pod, pattern string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+i.kubelet.Metrics(pod)+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	total := 0.0
	for _, match := range regexp.MustCompile(`(?m)^`+pattern+`$`).FindAllStringSubmatch(string(text), -1) {
		value, err := strconv.ParseFloat(match[1], 64)
		if err != nil {
			return 0, err
		}
		total += value
	}
	return int(total), nil
}

// writes returns what managers wrote, without what elects them and what asks who somebody is.
func (i *installation) writes(keep func(controlplane.Write) bool) []controlplane.Write {
	i.t.Helper()
	writes, err := i.Plane.Writes(func(write controlplane.Write) bool {
		return write.User == lab.ManagerUser && !write.DryRun && write.Resource != "leases" &&
			write.APIGroup != "authentication.k8s.io" && write.APIGroup != "authorization.k8s.io" && keep(write)
	})
	if err != nil {
		i.t.Fatal(err)
	}
	return writes
}
