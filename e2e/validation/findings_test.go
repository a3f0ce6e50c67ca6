// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// finding is one thing that is wrong with an object.
type finding struct{ field, message string }

type findings []finding

func (f findings) String() string {
	var lines strings.Builder
	for _, found := range f {
		fmt.Fprintf(&lines, "  %s: %s\n", found.field, found.message)
	}
	return lines.String()
}

// notChecked is in the answer whenever types or bounds are wrong, and is nothing that a user would correct.
const notChecked = "some validation rules were not checked"

// toCorrect leaves out what follows from the other findings.
func (f findings) toCorrect() findings {
	return slices.DeleteFunc(slices.Clone(f), func(found finding) bool { return strings.Contains(found.message, notChecked) })
}

func (f findings) sorted() findings {
	sorted := slices.Clone(f)
	slices.SortFunc(sorted, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.field, b.field), cmp.Compare(a.message, b.message))
	})
	return sorted
}

// findingsOfErrors are those of the offline validator.
func findingsOfErrors(errs field.ErrorList) findings {
	var all findings
	for _, err := range errs {
		if match := strictProblem.FindStringSubmatch(err.Detail); match != nil {
			all = append(all, finding{match[2], match[0]})
			continue
		}
		all = append(all, finding{err.Field, err.ErrorBody()})
	}
	return all.sorted()
}

// strictProblem is how strict field validation puts it. The API server answers with a sentence, and not with a
// list of causes.
var strictProblem = regexp.MustCompile(`(unknown|duplicate) field "([^"]+)"`)

// findingsOfStatus are those of the API server.
func findingsOfStatus(status *metav1.Status) findings {
	var all findings
	if status.Details != nil {
		for _, cause := range status.Details.Causes {
			all = append(all, finding{cause.Field, cause.Message})
		}
	}
	if status.Reason == metav1.StatusReasonBadRequest {
		for _, match := range strictProblem.FindAllStringSubmatch(status.Message, -1) {
			all = append(all, finding{match[2], match[0]})
		}
	}
	return all.sorted()
}
