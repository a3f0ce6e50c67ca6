// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/novasphere/wukong/pkg/naming"
	"github.com/novasphere/wukong/pkg/render/cloudinit"
)

// asTable asks the API server for the columns that kubectl get shows.
const asTable = "application/json;as=Table;v=v1;g=meta.k8s.io"

// tables prints what a person wants to see of a machine that is ready.
func (s *show) tables(ctx context.Context, sample sample) error {
	namespaced := "/namespaces/" + sample.namespace + "/"
	for _, table := range []struct{ command, path string }{
		{"kubectl get wk", "/apis/vm.novasphere.dev/v1alpha1" + namespaced + "wukongs"},
		{"kubectl get wknet", "/apis/vm.novasphere.dev/v1alpha1" + namespaced + "wukongnetworks"},
		{"kubectl get wkbr", "/apis/vm.novasphere.dev/v1alpha1" + namespaced + "wukongnodebridges"},
		{"kubectl get nncp", "/apis/nmstate.io/v1/nodenetworkconfigurationpolicies"},
		{"kubectl get net-attach-def", "/apis/k8s.cni.cncf.io/v1" + namespaced + "network-attachment-definitions"},
		{"kubectl get vm", "/apis/kubevirt.io/v1" + namespaced + "virtualmachines"},
	} {
		s.title("%s", table.command)
		if err := s.table(ctx, table.path); err != nil {
			return fmt.Errorf("%s: %w", table.command, err)
		}
	}
	if err := s.guestNetwork(ctx, sample); err != nil {
		return err
	}
	s.nodes()
	return nil
}

func (s *show) table(ctx context.Context, path string) error {
	httpClient, err := rest.HTTPClientFor(s.Config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Config.Host+path, nil)
	if err != nil {
		return fmt.Errorf("making a request: %w", err)
	}
	request.Header.Set("Accept", asTable)
	response, err := httpClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking for %s: %w", path, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	var table metav1.Table
	if err := json.Unmarshal(body, &table); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return s.print(table)
}

// print prints a table's columns of the first rank, as kubectl does.
func (s *show) print(table metav1.Table) error {
	if len(table.Rows) == 0 {
		s.line("No resources found.")
		return nil
	}
	writer := tabwriter.NewWriter(s.out, 0, 8, 3, ' ', 0)
	var headers []string
	for _, column := range table.ColumnDefinitions {
		if column.Priority == 0 {
			headers = append(headers, strings.ToUpper(column.Name))
		}
	}
	_, _ = fmt.Fprintln(writer, strings.Join(headers, "\t"))
	for _, row := range table.Rows {
		var cells []string
		for i, cell := range row.Cells {
			if table.ColumnDefinitions[i].Priority == 0 {
				cells = append(cells, cellText(cell))
			}
		}
		_, _ = fmt.Fprintln(writer, strings.Join(cells, "\t"))
	}
	if err := writer.Flush(); err != nil {
		return fmt.Errorf("printing a table: %w", err)
	}
	return nil
}

func cellText(cell any) string {
	if cell == nil {
		return ""
	}
	return fmt.Sprint(cell)
}

// guestNetwork prints the network-config that the guest's cloud-init reads.
func (s *show) guestNetwork(ctx context.Context, sample sample) error {
	name := naming.CloudInitSecret(sample.name)
	secret := &corev1.Secret{}
	if err := s.Client.Get(ctx, client.ObjectKey{Namespace: sample.namespace, Name: name}, secret); err != nil {
		return fmt.Errorf("reading Secret %s: %w", name, err)
	}
	s.title("the guest's network-config, from Secret %s", name)
	s.line("%s", strings.TrimSpace(string(secret.Data[cloudinit.NetworkDataKey])))
	return nil
}

// nodes prints what each node has.
func (s *show) nodes() {
	s.title("what each node has")
	for _, node := range s.NMState.Nodes() {
		var links []string
		for _, link := range s.NMState.Node(node).Interfaces() {
			text := link.Name + " (" + link.Type
			if len(link.Ports) > 0 {
				text += " with port " + strings.Join(link.PortNames(), ", ")
			}
			links = append(links, text+")")
		}
		s.line("%s: %s", node, strings.Join(links, ", "))
	}
}
