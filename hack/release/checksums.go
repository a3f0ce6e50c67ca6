// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// writeChecksums writes, in the format of sha256sum, the checksums of all files of a folder.
func writeChecksums(folder, name string) error {
	// Sorted by name already.
	files, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(folder, name), func(out io.Writer) error {
		for _, file := range files {
			if file.Name() == name || !file.Type().IsRegular() {
				continue
			}
			digest, err := digestOf(filepath.Join(folder, file.Name()))
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(out, "%s  %s\n", digest, file.Name()); err != nil {
				return err
			}
		}
		return nil
	})
}
