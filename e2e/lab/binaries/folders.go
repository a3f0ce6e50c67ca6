// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	// cacheVariable moves the cache, for machines whose home folder is small or not kept.
	cacheVariable = "WUKONG_LAB_CACHE"
	rootModule    = "github.com/novasphere/wukong"
)

// CacheDir returns the folder in which the lab keeps what is expensive to make, outside the repository.
func CacheDir() (string, error) {
	if folder := os.Getenv(cacheVariable); folder != "" {
		// Paths from here end up in kubeconfigs and in processes with other working directories.
		return filepath.Abs(folder)
	}
	folder, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder for the lab, set %s: %w", cacheVariable, err)
	}
	return filepath.Join(folder, "wukong-lab"), nil
}

// RepositoryRoot returns the folder of Wukong's own go.mod: the working directory, where tests have their package's folder, or one
// above it.
func RepositoryRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for folder := start; ; folder = filepath.Dir(folder) {
		content, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err == nil && declaresModule(string(content), rootModule) {
			return folder, nil
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("no go.mod of %s in %s or above it: the lab's binaries are built from there, "+
				"or set %s to a folder that has them", rootModule, start, assetsVariable)
		}
	}
}

func declaresModule(goMod, path string) bool {
	for line := range strings.Lines(goMod) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "module" {
			return fields[1] == path
		}
	}
	return false
}
