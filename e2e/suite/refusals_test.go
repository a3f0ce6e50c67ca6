// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	vmv1alpha1 "github.com/novasphere/wukong/apis/vm/v1alpha1"
	"github.com/novasphere/wukong/e2e/lab/controlplane"
)

// refusal is a bridge that must not be made, until the cause of that is gone.
type refusal struct {
	name string
	// network is what is asked for; a bridge on VLAN 100 of the row's own NIC when it is nil.
	network func(r *row) vmv1alpha1.Network
	// cause sets up what speaks against the bridge, and cure takes it away.
	cause, cure func(w *world, r *row)
	// reason and texts are what the claim says.
	reason string
	texts  []string
}

// row is what belongs to one refusal alone, so that all of them can be tried side by side.
type row struct {
	// nic and spare are NICs that every node has.
	nic, spare string
	// bridge is the name of the bridge that is refused.
	bridge string
	// uplink is the name of the row's own WukongUplink, if it makes one.
	uplink string
	// wukong is the name of the machine that is refused, in the namespace of the same name.
	wukong string
	// holder is the name of the machine that has what is asked for, in the namespace holders.
	holder string
	held   bool
}

func newRow(i int) *row {
	return &row{
		nic: fmt.Sprintf("nic%02d", i), spare: fmt.Sprintf("alt%02d", i), bridge: fmt.Sprintf("br%02d", i),
		uplink: fmt.Sprintf("wire%02d", i), wukong: fmt.Sprintf("asks%02d", i), holder: fmt.Sprintf("has%02d", i),
	}
}

// hold makes the machine that has what the row asks for.
func (r *row) hold(w *world, network vmv1alpha1.Network) {
	w.create(newWukong("holders", r.holder, network))
	r.held = true
}

// tagged is a bridge on VLAN 100 of the row's own NIC.
func (r *row) tagged() vmv1alpha1.Network { return on(r.nic, bridged("lan", r.bridge, 100)) }

// untagged is a bridge on the row's own NIC itself.
func (r *row) untagged() vmv1alpha1.Network { return on(r.nic, bridged("lan", r.bridge, 0)) }

// rowNICs returns the NICs of so many rows.
func rowNICs(rows int) []string {
	var nics []string
	for i := range rows {
		nics = append(nics, newRow(i).nic, newRow(i).spare)
	}
	return nics
}

// try brings about each cause, asks for each bridge, and takes each cause away again. Every claim and Wukong has to say
// what is the matter, nothing may be written for any, and all have to come up in the end without being touched.
func (w *world) try(refusals []refusal) {
	w.t.Helper()
	w.reported()
	rows := make([]*row, len(refusals))
	w.namespace("holders")
	for i, refusal := range refusals {
		rows[i] = newRow(i)
		w.namespace(rows[i].wukong)
		refusal.cause(w, rows[i])
	}
	for _, r := range rows {
		if r.held {
			w.expect("holders", r.holder, vmv1alpha1.ConditionVirtualMachineReady, metav1.ConditionTrue, vmv1alpha1.ReasonRunning)
		}
	}
	for i, refusal := range refusals {
		network := rows[i].tagged()
		if refusal.network != nil {
			network = refusal.network(rows[i])
		}
		w.create(newWukong(rows[i].wukong, rows[i].wukong, network))
	}
	each := func(phase string, check func(*world, refusal, *row)) {
		for i, refusal := range refusals {
			w.t.Run(phase+"/"+refusal.name, func(t *testing.T) { check(w.in(t), refusal, rows[i]) })
		}
	}
	each("refused", (*world).expectRow)
	w.expectNothingWrittenFor("asks")
	for i, refusal := range refusals {
		refusal.cure(w, rows[i])
	}
	each("heals", func(w *world, _ refusal, r *row) {
		if wukong := w.expectReady(r.wukong, r.wukong); wukong.Generation != 1 {
			w.t.Errorf("the Wukong was changed to generation %d", wukong.Generation)
		}
	})
	for _, r := range rows {
		w.delete(r.wukong, r.wukong)
		if r.held {
			w.delete("holders", r.holder)
		}
	}
	w.expectNothingLeft()
}

func (w *world) expectRow(refusal refusal, r *row) {
	w.t.Helper()
	for _, conditionType := range []string{vmv1alpha1.ConditionReady, vmv1alpha1.ConditionAvailable} {
		claim := w.expectTells(r.wukong, r.wukong+"-lan", conditionType, metav1.ConditionFalse, refusal.reason, refusal.texts...)
		if claim.Status.PolicyName != "" {
			w.t.Errorf("the refused claim names policy %s", claim.Status.PolicyName)
		}
	}
	told := w.expect(r.wukong, r.wukong, vmv1alpha1.ConditionReady, metav1.ConditionFalse, refusal.reason)
	w.expectMessage(told, vmv1alpha1.ConditionReady, refusal.texts...)
}

// expectNothingWrittenFor fails the test when the manager wrote a policy whose name begins like that.
func (w *world) expectNothingWrittenFor(prefix string) {
	w.t.Helper()
	var written []controlplane.Write
	for _, write := range w.policyWrites() {
		if strings.HasPrefix(write.Name, prefix) {
			written = append(written, write)
		}
	}
	if len(written) > 0 {
		w.t.Errorf("policies were written for bridges that are refused:%s", list(written))
	}
}

func TestRefusals(t *testing.T) {
	rows := unfencedRefusals()
	w := newWorld(t, nodesWith(rowNICs(len(rows)), "node-1", "node-2", "node-3"))
	w.try(rows)
}
