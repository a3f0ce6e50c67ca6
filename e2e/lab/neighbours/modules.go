// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package neighbours

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// downloadTimeout is for a cold module cache and a slow proxy; a warm one answers in milliseconds and needs no network.
const downloadTimeout = 5 * time.Minute

// module is a Go module that we read files of, without building against it.
type module struct {
	path    string
	version string
	// sum is the module's line in the checksum database. The go command would consult that too, unless its user turned it off.
	sum string
}

var (
	nmstateModule = module{
		path:    "github.com/nmstate/kubernetes-nmstate",
		version: "v0.86.0",
		sum:     "h1:p6YmPV/kFpz9q+5EQ2TzE47bw90EQrJkbPcN2vDrduU=",
	}
	multusModule = module{
		path:    "github.com/k8snetworkplumbingwg/network-attachment-definition-client",
		version: "v1.7.7",
		sum:     "h1:z4P744DR+PIpkjwXSEc6TvN3L6LVzmUquFgmNm8wSUc=",
	}
	kubeVirtModule = module{
		path:    "kubevirt.io/kubevirt",
		version: "v1.9.0",
		sum:     "h1:eauQfI39dRALNciMIQtR7UsbTUjUft5V6IBO57Icl/k=",
	}
	cdiModule = module{
		path:    "kubevirt.io/containerized-data-importer",
		version: "v1.65.0",
		sum:     "h1:V2Yc+D+WeZ3uUubzxuOvMiXe5puIyekY5498xBmG3hA=",
	}
	prometheusOperatorModule = module{
		path:    "github.com/prometheus-operator/prometheus-operator",
		version: "v0.83.0",
		sum:     "h1:qAKbm+45fqNGcn9sGTa1Ae2TM3KZuYA/uyoD2QKi9+o=",
	}
)

// download returns the module's folder in the module cache.
func (m module) download(ctx context.Context) (folder string, err error) {
	// In a folder without a go.mod nobody's requirements have a say in what is downloaded.
	nowhere, err := os.MkdirTemp("", "wukong-lab-module-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(nowhere) }()
	command := exec.CommandContext(ctx, "go", "mod", "download", "-json", m.path+"@"+m.version)
	command.Dir = nowhere
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS="+withoutModFlags(os.Getenv("GOFLAGS")))
	output, runErr := command.Output()
	var answer struct{ Dir, Sum, Error string }
	if err := json.Unmarshal(output, &answer); err != nil {
		return "", fmt.Errorf("downloading %s %s: %w", m.path, m.version, errors.Join(runErr, err))
	}
	// A failure is in the answer in words, and in the exit code as well.
	if answer.Error != "" {
		return "", fmt.Errorf("downloading %s %s: %s", m.path, m.version, answer.Error)
	}
	if answer.Sum != m.sum {
		return "", fmt.Errorf("%s %s has the checksum %s, but %s was pinned: it is not what it was", m.path, m.version, answer.Sum, m.sum)
	}
	return answer.Dir, nil
}

// withoutModFlags drops -mod and -modfile, which are about the caller's module and stop the go command where there is none.
func withoutModFlags(flags string) string {
	var kept []string
	for flag := range strings.FieldsSeq(flags) {
		if name, _, _ := strings.Cut(strings.TrimLeft(flag, "-"), "="); name != "mod" && name != "modfile" {
			kept = append(kept, flag)
		}
	}
	return strings.Join(kept, " ")
}
