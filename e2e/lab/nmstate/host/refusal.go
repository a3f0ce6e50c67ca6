// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import "fmt"

// Kinds of nmstate errors, as nmstatectl prints them.
const (
	// KindInvalidArgument is a desired state that cannot be right.
	KindInvalidArgument = "InvalidArgument"
	// KindVerification is a desired state that the node did not reach.
	KindVerification = "VerificationError"
	// KindPlugin is a refusal by NetworkManager.
	KindPlugin = "PluginFailure"
)

// RefusalError is nmstate's own error for a desired state it cannot apply; the node is then as it was.
type RefusalError struct {
	Kind    string
	Message string
}

// Error is the line that nmstatectl prints.
func (r *RefusalError) Error() string {
	return "NmstateError: " + r.Kind + ": " + r.Message
}

func invalid(format string, args ...any) error {
	return &RefusalError{Kind: KindInvalidArgument, Message: fmt.Sprintf(format, args...)}
}
