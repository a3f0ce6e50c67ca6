// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nmstatev1 "github.com/nmstate/kubernetes-nmstate/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	crds "github.com/novasphere/wukong/config/crd"
	"github.com/novasphere/wukong/e2e/lab"
	"github.com/novasphere/wukong/e2e/lab/binaries"
	"github.com/novasphere/wukong/e2e/lab/controlplane"
)

// previousVariable names the git revision that is upgraded from. Without it the chart and the manager of now play their own
// predecessors, under an older version and with definitions that lack a column.
const previousVariable = "WUKONG_PREVIOUS"

const previousVersion = "0.0.1"

// machinesVariable says how many machines run while Wukong is upgraded under them.
const machinesVariable = "WUKONG_MACHINES"

// upgraded is how many machines run while Wukong is upgraded under them, 30 unless the environment says otherwise.
var upgraded = func() int {
	if machines, err := strconv.Atoi(os.Getenv(machinesVariable)); err == nil {
		return machines
	}
	return 30
}()

// TestUpgrade installs the previous version by helm, lets machines run, upgrades, rolls back, uninstalls and installs again: no
// spec of anything is written, and no machine is restarted.
func TestUpgrade(t *testing.T) {
	i := newInstallation(t)
	chart, executable := previous(t)
	i.executables["v"+previousVersion] = executable
	i.helm("install", release, chart, "--wait", "--timeout=5m", "--set=image.tag=v"+previousVersion)
	i.expectPreviousTest()
	for number := range upgraded {
		i.create(machine("default", number))
	}
	i.expectReady(upgraded)
	before := i.running()
	i.expectUntouched("the upgrade", before, func() {
		i.helm("upgrade", release, chartFolder, "--wait", "--timeout=5m")
		i.helm("test", release, "--timeout=5m")
		i.expectColumn()
	})
	i.expectUntouched("the rollback", before, func() { i.helm("rollback", release, "--wait", "--timeout=5m") })
	i.expectUntouched("a new installation", before, func() {
		i.helm("uninstall", release, "--wait", "--timeout=5m")
		i.eventually("the manager is gone", func(ctx context.Context) error {
			var pods corev1.PodList
			if err := i.Client.List(ctx, &pods, client.InNamespace(namespace)); err != nil || len(pods.Items) == 0 {
				return err
			}
			for _, pod := range pods.Items {
				if pod.Labels["app.kubernetes.io/component"] == "manager" {
					return fmt.Errorf("%s is there", pod.Name)
				}
			}
			return nil
		})
		i.expectReady(upgraded)
		i.helm("install", release, chartFolder, "--wait", "--timeout=5m")
	})
	// It works on: what was made by the one is removed by the other.
	for number := range upgraded {
		if err := i.Client.Delete(t.Context(), machine("default", number)); err != nil {
			t.Fatal(err)
		}
	}
	i.expectReady(0)
	i.eventually("nothing is left", func(ctx context.Context) error {
		for _, list := range []client.ObjectList{
			&vmv1alpha1.WukongNodeBridgeList{}, &nmstatev1.NodeNetworkConfigurationPolicyList{}, &nadv1.NetworkAttachmentDefinitionList{},
			&kubevirtv1.VirtualMachineList{},
		} {
			if err := i.Client.List(ctx, list); err != nil {
				return err
			}
			if count := meta.LenList(list); count > 0 {
				return fmt.Errorf("%d of %T", count, list)
			}
		}
		return nil
	})
}

// expectPreviousTest runs the previous version's helm test. Where the present manager plays it, that has to find that the definitions are
// not its own.
func (i *installation) expectPreviousTest() {
	i.t.Helper()
	if os.Getenv(previousVariable) != "" {
		i.helm("test", release, "--timeout=5m")
		return
	}
	_, _, err := helm(i.t, "test", release, "--timeout=5m", "--kubeconfig="+i.Plane.Kubeconfig(), "--namespace="+namespace)
	if err == nil || !strings.Contains(i.log.String(), "of another version; run `helm upgrade`") {
		i.t.Errorf("helm test does not see that the definitions are older (%v)", err)
	}
}

// previous returns the chart and the manager that are upgraded from.
func previous(t *testing.T) (chart, executable string) {
	t.Helper()
	revision := os.Getenv(previousVariable)
	if revision == "" {
		executable, err := lab.ManagerExecutable()
		if err != nil {
			t.Fatal(err)
		}
		return predecessor(t), executable
	}
	root, err := binaries.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	checkout := exec.CommandContext(t.Context(), "git", "clone", "--quiet", "--no-checkout", root, folder)
	if output, err := checkout.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	checkout = exec.CommandContext(t.Context(), "git", "-C", folder, "checkout", "--quiet", revision)
	if output, err := checkout.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	executable = filepath.Join(t.TempDir(), "manager")
	if err := lab.BuildManager(folder, executable); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, "charts", "wukong"), executable
}

// predecessor copies the chart under an older version, and takes the last column out of its definitions.
func predecessor(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "wukong")
	if err := os.CopyFS(folder, os.DirFS(chartFolder)); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(folder, "Chart.yaml"), func(content map[string]any) {
		content["version"], content["appVersion"] = previousVersion, "v"+previousVersion
	})
	definitions, err := filepath.Glob(filepath.Join(folder, "crds", "*.yaml"))
	if err != nil || len(definitions) == 0 {
		t.Fatalf("no definitions: %v", err)
	}
	for _, path := range definitions {
		edit(t, path, func(content map[string]any) {
			crd := &apiextensionsv1.CustomResourceDefinition{}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, crd); err != nil {
				t.Fatal(err)
			}
			columns := &crd.Spec.Versions[0].AdditionalPrinterColumns
			*columns = (*columns)[:len(*columns)-1]
			older, err := runtime.DefaultUnstructuredConverter.ToUnstructured(crd)
			if err != nil {
				t.Fatal(err)
			}
			delete(older, "status")
			content["spec"] = older["spec"]
		})
	}
	return folder
}

func edit(t *testing.T, path string, change func(map[string]any)) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	object := map[string]any{}
	if err := yaml.Unmarshal(content, &object); err != nil {
		t.Fatal(err)
	}
	change(object)
	if content, err = yaml.Marshal(object); err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// expectColumn fails the test when the definitions were not brought up to date.
func (i *installation) expectColumn() {
	i.t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := i.Client.Get(i.t.Context(), client.ObjectKey{Name: "wukongs.vm.novasphere.dev"}, crd); err != nil {
		i.t.Fatal(err)
	}
	all, err := crds.All()
	if err != nil {
		i.t.Fatal(err)
	}
	for _, wanted := range all {
		if wanted.Name != crd.Name {
			continue
		}
		if got, want := len(crd.Spec.Versions[0].AdditionalPrinterColumns), len(wanted.Spec.Versions[0].AdditionalPrinterColumns); got != want {
			i.t.Errorf("the definition has %d columns, want %d: it is the previous one", got, want)
		}
	}
}

// running returns what tells one run of each machine from another.
func (i *installation) running() map[string]string {
	i.t.Helper()
	var instances kubevirtv1.VirtualMachineInstanceList
	if err := i.Client.List(i.t.Context(), &instances); err != nil {
		i.t.Fatal(err)
	}
	seen := map[string]string{}
	for _, instance := range instances.Items {
		seen[instance.Name] = string(instance.UID)
	}
	return seen
}

// expectUntouched does something to the installation, waits until the manager that leads then has looked at everything, and fails the
// test when a spec was written or a machine restarted.
func (i *installation) expectUntouched(what string, before map[string]string, do func()) {
	i.t.Helper()
	specs := func(write controlplane.Write) bool {
		return write.Subresource == "" && write.Resource != "events" && write.Code < 300
	}
	earlier, began := len(i.writes(specs)), time.Now()
	do()
	done := time.Since(began)
	i.expectLookedAtEverything()
	i.t.Logf("%s took helm %.0f s, and the manager %.0f s more to look at everything", what, done.Seconds(), (time.Since(began) - done).Seconds())
	i.expectReady(upgraded)
	var list []string
	for _, write := range i.writes(specs)[earlier:] {
		list = append(list, fmt.Sprintf("%s %s %s/%s by %s", write.Verb, write.Resource, write.Namespace, write.Name, write.FieldManager))
	}
	if len(list) > 0 {
		i.t.Errorf("%s wrote:\n%s", what, strings.Join(list, "\n"))
	}
	after := i.running()
	for name, run := range before {
		if after[name] != run {
			i.t.Errorf("%s restarted %s", what, name)
		}
	}
}

// expectLookedAtEverything waits until the rollout is over and a leader has reconciled each object at least once and has nothing left
// to do.
func (i *installation) expectLookedAtEverything() {
	i.t.Helper()
	i.eventually("a new leader has looked at everything", func(ctx context.Context) error {
		deployment := &appsv1.Deployment{}
		if err := i.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: lab.ManagerServiceAccount}, deployment); err != nil {
			return err
		}
		if status := deployment.Status; status.Replicas != 2 || status.UpdatedReplicas != 2 || status.ReadyReplicas != 2 {
			return fmt.Errorf("%d replicas, %d new, %d ready", status.Replicas, status.UpdatedReplicas, status.ReadyReplicas)
		}
		leader, err := i.leader(ctx)
		if err != nil || leader == "" {
			return errors.Join(errors.New("no leader"), err)
		}
		for _, controller := range []string{"wukong-wukong", "wukong-vm", "wukong-multus"} {
			reconciled, err := i.sum(ctx, leader, `controller_runtime_reconcile_total\{controller="`+controller+`",.*\} (\S+)`)
			if err != nil || reconciled < upgraded {
				return errors.Join(fmt.Errorf("%s has reconciled %d", controller, reconciled), err)
			}
		}
		for _, metric := range []string{"workqueue_depth", "controller_runtime_active_workers"} {
			if busy, err := i.sum(ctx, leader, metric+`\{.*\} (\S+)`); err != nil || busy > 0 {
				return errors.Join(fmt.Errorf("%s is %d", metric, busy), err)
			}
		}
		return nil
	})
}
