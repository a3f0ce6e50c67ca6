// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestStable gives each try of a kubelet the same words.
func TestStable(t *testing.T) {
	id := func(letter string) string { return strings.Repeat(letter, 64) }
	const uid = "4f2b6c8e-0000-4000-8000-00000000000"
	for _, row := range []struct{ name, first, second, want string }{
		{
			"containerd and Multus",
			`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "` + id("a") + `": plugin type="multus-shim" failed (add): [ns/virt-launcher-vm-x/` +
				uid + `1:lan]: error adding container to network "lan": failed to find plugin "bridge" in path [/opt/cni/bin]`,
			`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "` + id("b") + `": plugin type="multus-shim" failed (add): [ns/virt-launcher-vm-x/` +
				uid + `1:lan]: error adding container to network "lan": failed to find plugin "bridge" in path [/opt/cni/bin]`,
			`failed to setup network: plugin type="multus-shim" failed (add): [ns/virt-launcher-vm-x:lan]: error adding container to network "lan": failed to find plugin "bridge" in path [/opt/cni/bin]`,
		},
		{
			"a namespace of its own", `error adding pod: netns /var/run/netns/` + uid + `1: no such device br-lan`, `error adding pod: netns /var/run/netns/` + uid + `2: no such device br-lan`,
			`error adding pod: netns /var/run/netns: no such device br-lan`,
		},
		{"a volume", `MountVolume.SetUp failed for volume "x" : secret "y" not found`, `MountVolume.SetUp failed for volume "x" : secret "y" not found`, `MountVolume.SetUp failed for volume "x" : secret "y" not found`},
		{"a MAC and addresses stay", `address 02:00:5e:00:00:01 of 10.0.0.1/24`, `address 02:00:5e:00:00:01 of 10.0.0.1/24`, `address 02:00:5e:00:00:01 of 10.0.0.1/24`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if first, second := stable(row.first), stable(row.second); first != row.want || second != first {
				t.Errorf("got\n%s\n%s, want\n%s", first, second, row.want)
			}
		})
	}
}

func TestLastWords(t *testing.T) {
	written := func(version, message string, last metav1.Time) corev1.Event {
		return corev1.Event{ObjectMeta: metav1.ObjectMeta{ResourceVersion: version}, Message: message, LastTimestamp: last}
	}
	at := func(seconds int) metav1.Time { return metav1.NewTime(time.Unix(int64(seconds), 0)) }
	for _, row := range []struct {
		name   string
		events []corev1.Event
		want   string
	}{
		{"nothing", nil, ""},
		{"the latest", []corev1.Event{{Message: "b", LastTimestamp: at(2)}, {Message: "c", LastTimestamp: at(3)}, {Message: "a", LastTimestamp: at(1)}}, "c"},
		{"the last written within a second", []corev1.Event{written("9", "a", at(1)), written("11", "c", at(1)), written("10", "b", at(1))}, "c"},
		{"written last, but of an earlier time", []corev1.Event{written("11", "a", at(1)), written("10", "b", at(2))}, "b"},
		{"a series goes on", []corev1.Event{
			{Message: "series", EventTime: metav1.NewMicroTime(time.Unix(1, 0)), Series: &corev1.EventSeries{LastObservedTime: metav1.NewMicroTime(time.Unix(9, 0))}},
			{Message: "later begun", EventTime: metav1.NewMicroTime(time.Unix(5, 0))},
		}, "series"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := lastWords(row.events); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
