// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// invalid is an object that must be refused.
type invalid struct {
	name, document string
	// want is everything a user is told to correct: one mistake must give one message. The messages are
	// parts of what is said, namely those that say what to write instead.
	want findings
}

// refused is the one finding of most rows.
func refused(field, message string) findings { return findings{{field, message}} }

// invalids are all rows of this package.
func invalids() []invalid {
	return slices.Concat(invalidMachines, invalidDisks, invalidUsers, invalidNetworks, invalidAddresses, invalidRoutes, invalidTypes, invalidChildren, invalidUplinks)
}

func TestInvalid(t *testing.T) {
	rows := invalids()
	if len(rows) < 80 {
		t.Errorf("there are %d rows, which is less than there once were", len(rows))
	}
	names := map[string]bool{}
	for _, row := range rows {
		if names[row.name] {
			t.Errorf("the name %q is used twice", row.name)
		}
		names[row.name] = true
		t.Run(row.name, func(t *testing.T) {
			_, online := server.dryRunCreate(t, row.document)
			if len(online) == 0 {
				t.Fatalf("the API server accepts it:\n%s", row.document)
			}
			object, errs := offline.Validate([]byte(row.document))
			if diff := cmp.Diff(online, findingsOfErrors(errs), cmp.AllowUnexported(finding{})); diff != "" {
				t.Errorf("the offline validator and the API server disagree (-API server +offline):\n%s", diff)
			}
			if object != nil && len(errs) == 0 {
				t.Error("the offline validator accepts it")
			}
			if !matches(online.toCorrect(), row.want) {
				t.Errorf("got:\n%swant:\n%s", online, row.want)
			}
		})
	}
}

// matches tells whether each wanted message is part of one that was got, with the same field, and none is left.
func matches(got, want findings) bool {
	if len(got) != len(want) {
		return false
	}
	for _, wanted := range want {
		i := slices.IndexFunc(got, func(f finding) bool {
			return f.field == wanted.field && strings.Contains(f.message, wanted.message)
		})
		if i < 0 {
			return false
		}
		got = slices.Delete(slices.Clone(got), i, i+1)
	}
	return true
}
