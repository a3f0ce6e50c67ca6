// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirtv1 "kubevirt.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	launcherValue  = "virt-launcher"
	launcherImage  = "quay.io/kubevirt/virt-launcher:v1.9.0"
	failedCreate   = "FailedCreate"
	renderFailure  = "failed to render launch manifest: "
	computeSection = "compute"
)

// makePod renders the virt-launcher pod, as far as bindings and attachments allow.
func (a *Actor) makePod(ctx context.Context, s *scene) (time.Duration, error) {
	a.wait(s.key)
	missing, err := a.missingClaim(ctx, s.vmi)
	if err != nil {
		return 0, err
	}
	if missing != "" {
		return 0, a.enter(ctx, s.vmi, kubevirtv1.Pending, func(vmi *kubevirtv1.VirtualMachineInstance) {
			setCondition(vmi, kubevirtv1.VirtualMachineInstanceSynchronized, corev1.ConditionFalse, failedPvcNotFound, missing)
		})
	}
	refusal, err := a.refusal(ctx, s.vmi)
	if err != nil {
		return 0, err
	}
	if refusal != "" {
		return 0, a.enter(ctx, s.vmi, kubevirtv1.Pending, func(vmi *kubevirtv1.VirtualMachineInstance) {
			setCondition(vmi, kubevirtv1.VirtualMachineInstanceSynchronized, corev1.ConditionFalse, failedCreate, renderFailure+refusal)
		})
	}
	if s.pod == nil {
		if _, err := a.createPod(ctx, s.vmi, nil); err != nil {
			return 0, err
		}
	}
	return a.options.StepDelay, a.enter(ctx, s.vmi, kubevirtv1.Scheduling, func(vmi *kubevirtv1.VirtualMachineInstance) {
		dropCondition(vmi, kubevirtv1.VirtualMachineInstanceSynchronized)
		setCondition(vmi, kubevirtv1.VirtualMachineInstanceReady, corev1.ConditionFalse, "GuestNotRunning", "Guest VM is not reported as running")
	})
}

// refusal says why no pod can be rendered for an instance; empty if one can.
func (a *Actor) refusal(ctx context.Context, vmi *kubevirtv1.VirtualMachineInstance) (string, error) {
	for _, nic := range vmi.Spec.Domain.Devices.Interfaces {
		if nic.Binding == nil {
			continue
		}
		registered, err := a.registered(ctx, nic.Binding.Name)
		if err != nil {
			return "", fmt.Errorf("read the configuration of KubeVirt: %w", err)
		}
		if !registered {
			return fmt.Sprintf("unable to find the network binding plugin '%s' in Kubevirt configuration", nic.Binding.Name), nil
		}
	}
	if a.options.MissingNetwork != PendingForGood {
		return "", nil
	}
	a.mu.Lock()
	missing, judged := a.doomed[vmi.UID]
	a.mu.Unlock()
	if !judged {
		var err error
		if missing, err = a.missingAttachment(ctx, vmi); err != nil {
			return "", err
		}
		a.mu.Lock()
		a.doomed[vmi.UID] = missing
		a.mu.Unlock()
	}
	if missing == "" {
		return "", nil
	}
	return "Failed to locate network attachment definition " + missing, nil
}

// createPod creates a pod for an instance, with what an edit, if there is one, changes in it.
func (a *Actor) createPod(ctx context.Context, vmi *kubevirtv1.VirtualMachineInstance, edit func(*corev1.Pod)) (*corev1.Pod, error) {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: vmi.Namespace, Name: "default"}}
	if err := a.client.Create(ctx, account); err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, fmt.Errorf("prepare the service account of the pod: %w", err)
	}
	pod, err := launcherPod(vmi)
	if err != nil {
		return nil, err
	}
	if edit != nil {
		edit(pod)
	}
	if err := a.client.Create(ctx, pod, client.FieldOwner(managerController)); err != nil {
		return nil, fmt.Errorf("create the virt-launcher pod: %w", err)
	}
	return pod, nil
}

// present are the networks of an instance whose NICs are not to be unplugged.
func present(vmi *kubevirtv1.VirtualMachineInstance) []kubevirtv1.Network {
	var networks []kubevirtv1.Network
	for _, network := range vmi.Spec.Networks {
		if interfaceOf(vmi, network.Name).State != kubevirtv1.InterfaceStateAbsent {
			networks = append(networks, network)
		}
	}
	return networks
}

// launcherPod is the pod of an instance, not placed yet.
func launcherPod(vmi *kubevirtv1.VirtualMachineInstance) (*corev1.Pod, error) {
	networks, err := multusAnnotation(vmi, present(vmi))
	if err != nil {
		return nil, err
	}
	labels := maps.Clone(vmi.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[kubevirtv1.AppLabel] = launcherValue
	labels[kubevirtv1.CreatedByLabel] = string(vmi.UID)
	labels[kubevirtv1.VirtualMachineInstanceIDLabel] = instanceID(vmi.Name)
	annotations := map[string]string{kubevirtv1.DomainAnnotation: vmi.Name}
	if networks != "" {
		annotations[networksAnnotation] = networks
	}
	selector := maps.Clone(vmi.Spec.NodeSelector)
	if selector == nil {
		selector = map[string]string{}
	}
	selector[kubevirtv1.NodeSchedulable] = "true"
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: vmi.Namespace, GenerateName: launcherValue + "-" + vmi.Name + "-",
			Labels: labels, Annotations: annotations,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(vmi, kubevirtv1.VirtualMachineInstanceGroupVersionKind)},
		},
		Spec: corev1.PodSpec{
			RestartPolicy:                corev1.RestartPolicyNever,
			AutomountServiceAccountToken: new(false),
			// Short, because the namespace controller waits for half of it before it looks at a deletion again.
			TerminationGracePeriodSeconds: new(int64(1)),
			NodeSelector:                  selector,
			Affinity:                      vmi.Spec.Affinity.DeepCopy(),
			Tolerations:                   vmi.Spec.Tolerations,
			Volumes:                       append(secretVolumes(vmi), claimVolumes(vmi)...),
			Containers:                    []corev1.Container{{Name: computeSection, Image: launcherImage}},
		},
	}, nil
}

// instanceID is the value of a label, which is shorter than a name may be.
func instanceID(name string) string {
	if len(name) <= 63 {
		return name
	}
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(name))
	return fmt.Sprintf("%s-%x", name[:40], sum.Sum64())
}

// sweepPods finishes the deletion of pods that outlived their instance, as a kubelet would.
func (a *Actor) sweepPods(ctx context.Context, k key) error {
	var list corev1.PodList
	err := a.client.List(ctx, &list, client.InNamespace(k.Namespace),
		client.MatchingLabels{kubevirtv1.AppLabel: launcherValue, kubevirtv1.VirtualMachineInstanceIDLabel: instanceID(k.Name)})
	if err != nil {
		return fmt.Errorf("list the virt-launcher pods: %w", err)
	}
	for i := range list.Items {
		if list.Items[i].DeletionTimestamp != nil {
			if err := a.killPod(ctx, &list.Items[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// killPod removes a pod at once: no kubelet is there to confirm that its containers ended.
func (a *Actor) killPod(ctx context.Context, pod *corev1.Pod) error {
	err := a.client.Delete(ctx, pod, client.GracePeriodSeconds(0), client.Preconditions{UID: &pod.UID})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete pod %s: %w", pod.Name, err)
	}
	return nil
}

// podAddress is the address that the cluster's network gave a pod: the same for one pod, different between pods.
func podAddress(pod *corev1.Pod) string {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(pod.UID))
	value := sum.Sum32()
	return fmt.Sprintf("10.244.%d.%d", value>>8&0xff, 1+value%254)
}
