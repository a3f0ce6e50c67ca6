// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
)

// intentOf returns what is applied for an object: the fields that somebody decided, and a hash of them. The hash
// shows that a field which is no longer wanted was wanted before, which the object alone cannot show.
func intentOf(desired client.Object, scheme *runtime.Scheme) (*unstructured.Unstructured, error) {
	full, err := toUnstructured(desired, scheme)
	if err != nil {
		return nil, err
	}
	intent := &unstructured.Unstructured{Object: map[string]any{}}
	for field, value := range full.Object {
		if field != "status" && field != "metadata" {
			intent.Object[field] = withoutNulls(value)
		}
	}
	intent.SetName(desired.GetName())
	intent.SetNamespace(desired.GetNamespace())
	intent.SetLabels(desired.GetLabels())
	intent.SetAnnotations(desired.GetAnnotations())
	intent.SetOwnerReferences(desired.GetOwnerReferences())
	intent.SetFinalizers(desired.GetFinalizers())
	text, err := json.Marshal(intent.Object)
	if err != nil {
		return nil, fmt.Errorf("marshalling %s %s: %w", intent.GetKind(), client.ObjectKeyFromObject(desired), err)
	}
	sum := sha256.Sum256(text)
	annotations := intent.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[vmv1alpha1.AnnotationAppliedHash] = hex.EncodeToString(sum[:8])
	intent.SetAnnotations(annotations)
	return intent, nil
}

// withoutNulls leaves out null values, such as the creationTimestamp that Go's types print for an embedded
// metadata: applying a null would claim the field.
func withoutNulls(value any) any {
	switch typed := value.(type) {
	case map[string]any:
		clean := make(map[string]any, len(typed))
		for key, element := range typed {
			if element != nil {
				clean[key] = withoutNulls(element)
			}
		}
		return clean
	case []any:
		clean := make([]any, len(typed))
		for i, element := range typed {
			clean[i] = withoutNulls(element)
		}
		return clean
	default:
		return value
	}
}

// satisfied reports whether applying the intent would change nothing: it is what was applied last, and the live
// object still has all of it.
func satisfied(intent *unstructured.Unstructured, live client.Object, scheme *runtime.Scheme) (bool, error) {
	if hashOf(live) != hashOf(intent) {
		return false, nil
	}
	current, err := toUnstructured(live, scheme)
	if err != nil {
		return false, err
	}
	return contains(current.Object, intent.Object), nil
}

// contains reports whether the live value has everything the wanted one has. What a webhook or another
// controller added beside it does not count as a difference.
func contains(live, wanted any) bool {
	switch want := wanted.(type) {
	case map[string]any:
		have, ok := live.(map[string]any)
		if !ok {
			return len(want) == 0 && live == nil
		}
		for key, element := range want {
			if !contains(have[key], element) {
				return false
			}
		}
		return true
	case []any:
		have, ok := live.([]any)
		if !ok || len(have) < len(want) {
			return len(want) == 0 && live == nil
		}
		return containsElements(have, want)
	default:
		return reflect.DeepEqual(live, wanted)
	}
}

// containsElements compares lists. Somebody else's elements may stand anywhere between ours, as another
// owner's reference does, but ours must be there in their order.
func containsElements(have, want []any) bool {
	next := 0
	for _, element := range have {
		if next < len(want) && contains(element, want[next]) {
			next++
		}
	}
	return next == len(want)
}
