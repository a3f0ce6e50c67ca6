// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// Replace makes the spec of an existing object exactly the desired one, if it is not, and reports whether it wrote. Unlike
// Object it also takes away what is no longer wanted of maps that were there from the first write, such as a node
// selector; so it is for objects that are ours alone. Labels are added to, and of the annotations only Wukong's own are
// replaced. The error is the API server's.
func (w Writer) Replace(ctx context.Context, desired, live client.Object) (bool, error) {
	intent, err := intentOf(desired, w.Client.Scheme())
	if err != nil {
		return false, err
	}
	same, err := satisfied(intent, live, w.Client.Scheme())
	if err != nil || same {
		return false, err
	}
	before, err := toUnstructured(live, w.Client.Scheme())
	if err != nil {
		return false, err
	}
	after := before.DeepCopy()
	after.Object["spec"] = intent.Object["spec"]
	after.SetLabels(merged(before.GetLabels(), intent.GetLabels()))
	after.SetAnnotations(replaceOwn(before.GetAnnotations(), intent.GetAnnotations()))
	patch := client.MergeFrom(before)
	if err := w.Client.Patch(ctx, after, patch, client.FieldOwner(w.Manager)); err != nil {
		return false, fmt.Errorf("patching %s %s: %w", intent.GetKind(), client.ObjectKeyFromObject(intent), err)
	}
	w.log(ctx, intent).Info("Applied")
	return true, nil
}

func merged(have, wanted map[string]string) map[string]string {
	result := maps.Clone(have)
	if result == nil {
		result = map[string]string{}
	}
	maps.Copy(result, wanted)
	return result
}

// replaceOwn leaves other people's annotations and makes Wukong's the wanted ones.
func replaceOwn(have, wanted map[string]string) map[string]string {
	result := maps.Clone(have)
	if result == nil {
		result = map[string]string{}
	}
	maps.DeleteFunc(result, func(key, _ string) bool {
		_, stays := wanted[key]
		return !stays && strings.HasPrefix(key, vmv1alpha1.GroupVersion.Group+"/")
	})
	maps.Copy(result, wanted)
	return result
}
