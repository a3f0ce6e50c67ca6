package kubevirt

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	virtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/novasphere/wukong/e2e/lab/controlplane"
	"github.com/novasphere/wukong/e2e/lab/neighbours"
	"github.com/novasphere/wukong/e2e/lab/nmstate"
)

// plane is shared by all tests; each has an actor and a namespace of its own and they run one after the other.
var plane *controlplane.ControlPlane

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	ctx := context.Background()
	ctrllog.SetLogger(logr.Discard())
	var err error
	if plane, err = controlplane.Start(ctx, controlplane.Options{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := plane.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	if err := neighbours.Install(ctx, plane.Config(), neighbours.Multus, neighbours.KubeVirt); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	nodes, err := nmstate.Start(ctx, plane.Config(), nmstate.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer nodes.Stop()
	// The garbage collector of a new controller manager knows the definitions at once.
	if err := plane.RestartControllerManager(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// stage is an actor with a namespace for one test.
type stage struct {
	*Actor

	t         *testing.T
	namespace string
}

func newStage(t *testing.T, options Options) *stage {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	actor, err := Start(ctx, plane.Config(), options)
	if err != nil {
		t.Fatal(err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "vm-"}}
	if err := actor.client.Create(ctx, namespace); err != nil {
		t.Fatal(err)
	}
	s := &stage{Actor: actor, t: t, namespace: namespace.Name}
	t.Cleanup(func() {
		defer cancel()
		s.clear(ctx)
		actor.Stop()
	})
	return s
}

// clear deletes the namespace, which is a test of its own: every finalizer has to go.
func (s *stage) clear(ctx context.Context) {
	for k, m := range s.machines {
		if k.Namespace == s.namespace {
			m.Release()
			m.HangDeletion(false)
		}
	}
	if err := s.client.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}}); err != nil {
		s.t.Error(err)
	}
	s.eventually(ctx, func() string {
		err := s.client.Get(ctx, client.ObjectKey{Name: s.namespace}, &corev1.Namespace{})
		if apierrors.IsNotFound(err) {
			return ""
		}
		return fmt.Sprintf("namespace %s is still there (%v)", s.namespace, err)
	})
}

const (
	podMAC = "02:00:00:aa:bb:01"
	lanMAC = "02:00:00:aa:bb:02"
)

const networkData = `
version: 2
ethernets:
  default: {match: {macaddress: "02:00:00:aa:bb:01"}, set-name: pod0, dhcp4: true}
  lan: {match: {macaddress: "02:00:00:aa:bb:02"}, set-name: lan, addresses: [192.168.100.10/24]}
`

// virtualMachine has a pod network, a bridge NIC on the attachment "lan" and its data in a Secret.
func (s *stage) virtualMachine(name string) *virtv1.VirtualMachine {
	strategy := virtv1.RunStrategyAlways
	memory := resource.MustParse("2Gi")
	return &virtv1.VirtualMachine{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
		Spec: virtv1.VirtualMachineSpec{
			RunStrategy: &strategy,
			Template: &virtv1.VirtualMachineInstanceTemplateSpec{Spec: virtv1.VirtualMachineInstanceSpec{
				Domain: virtv1.DomainSpec{
					CPU:    &virtv1.CPU{Cores: 2},
					Memory: &virtv1.Memory{Guest: &memory},
					Devices: virtv1.Devices{Interfaces: []virtv1.Interface{
						{Name: "default", MacAddress: podMAC, InterfaceBindingMethod: virtv1.InterfaceBindingMethod{Masquerade: &virtv1.InterfaceMasquerade{}}},
						{Name: "lan", MacAddress: lanMAC, InterfaceBindingMethod: virtv1.InterfaceBindingMethod{Bridge: &virtv1.InterfaceBridge{}}},
					}},
				},
				Networks: []virtv1.Network{
					{Name: "default", NetworkSource: virtv1.NetworkSource{Pod: &virtv1.PodNetwork{}}},
					{Name: "lan", NetworkSource: virtv1.NetworkSource{Multus: &virtv1.MultusNetwork{NetworkName: "lan"}}},
				},
				Volumes: []virtv1.Volume{
					{Name: "root", VolumeSource: virtv1.VolumeSource{ContainerDisk: &virtv1.ContainerDiskSource{Image: "fedora"}}},
					{Name: "cloudinit", VolumeSource: virtv1.VolumeSource{CloudInitNoCloud: &virtv1.CloudInitNoCloudSource{
						UserDataSecretRef:    &corev1.LocalObjectReference{Name: name + "-cloudinit"},
						NetworkDataSecretRef: &corev1.LocalObjectReference{Name: name + "-cloudinit"},
					}}},
				},
			}},
		},
	}
}

func (s *stage) attachment(name string) *nadv1.NetworkAttachmentDefinition {
	return &nadv1.NetworkAttachmentDefinition{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
		Spec:       nadv1.NetworkAttachmentDefinitionSpec{Config: `{"cniVersion":"0.3.1","type":"bridge","bridge":"br-lan"}`},
	}
}

func (s *stage) secret(machine string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: machine + "-cloudinit"},
		StringData: map[string]string{"userdata": "#cloud-config\n", "networkdata": networkData},
	}
}

func (s *stage) create(objects ...client.Object) {
	s.t.Helper()
	for _, object := range objects {
		if err := s.client.Create(s.t.Context(), object, client.FieldOwner("test")); err != nil {
			s.t.Fatal(err)
		}
	}
}

// running creates a machine with all it needs and waits until it runs and its agent is connected.
func (s *stage) running(name string) *virtv1.VirtualMachine {
	s.t.Helper()
	s.create(s.attachment("lan"), s.secret(name), s.virtualMachine(name))
	s.shows(name, virtv1.VirtualMachineStatusRunning)
	s.connected(name)
	return s.get(name)
}

func (s *stage) get(name string) *virtv1.VirtualMachine {
	machine := &virtv1.VirtualMachine{}
	if err := s.client.Get(s.t.Context(), key{Namespace: s.namespace, Name: name}, machine); client.IgnoreNotFound(err) != nil {
		s.t.Fatal(err)
	}
	return machine
}

func (s *stage) instance(name string) *virtv1.VirtualMachineInstance {
	vmi := &virtv1.VirtualMachineInstance{}
	if err := s.client.Get(s.t.Context(), key{Namespace: s.namespace, Name: name}, vmi); client.IgnoreNotFound(err) != nil {
		s.t.Fatal(err)
	}
	return vmi
}

func (s *stage) edit(name string, change func(*virtv1.VirtualMachine)) {
	s.t.Helper()
	machine := s.get(name)
	if err := patch(s.t.Context(), s.client, machine, "test", change); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) shows(name string, want virtv1.VirtualMachinePrintableStatus) {
	s.t.Helper()
	s.eventually(s.t.Context(), func() string {
		if got := s.get(name).Status.PrintableStatus; got != want {
			return fmt.Sprintf("status of %s is %q, want %q; instance %+v", name, got, want, s.instance(name).Status)
		}
		return ""
	})
}

func (s *stage) connected(name string) {
	s.t.Helper()
	s.eventually(s.t.Context(), func() string {
		if condition(s.instance(name), virtv1.VirtualMachineInstanceAgentConnected) == nil {
			return "the guest agent is not connected"
		}
		return ""
	})
}

// phase waits until the instance is in a phase.
func (s *stage) phase(name string, want virtv1.VirtualMachineInstancePhase) {
	s.t.Helper()
	s.eventually(s.t.Context(), func() string {
		if got := s.instance(name).Status.Phase; got != want {
			return fmt.Sprintf("phase is %q, want %q", got, want)
		}
		return ""
	})
}

func (s *stage) address(name, network string) string {
	for _, nic := range s.instance(name).Status.Interfaces {
		if nic.Name == network {
			return nic.IP
		}
	}
	return ""
}

func (s *stage) restartRequired(name string) string {
	for _, c := range s.get(name).Status.Conditions {
		if c.Type == virtv1.VirtualMachineRestartRequired {
			return c.Message
		}
	}
	return ""
}

// eventually waits for what a condition says is missing, and fails with it after a while.
func (s *stage) eventually(ctx context.Context, missing func() string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		text := missing()
		if text == "" {
			return
		}
		select {
		case <-ctx.Done():
			s.t.Fatal(text)
		case <-ticker.C:
		}
	}
}

// never fails if a condition comes true within a short while.
func (s *stage) never(happened func() string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 500*time.Millisecond)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if text := happened(); text != "" {
			s.t.Fatal(text)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
