// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
)

// binary is one of our programs, built for one platform. What it is built from is read from itself.
type binary struct {
	path   string
	digest string
	info   *debug.BuildInfo
}

func readBinary(path string) (*binary, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	digest, err := digestOf(path)
	if err != nil {
		return nil, err
	}
	return &binary{path: path, digest: digest, info: info}, nil
}

func readBinaries(paths []string) ([]*binary, error) {
	var binaries []*binary
	for _, path := range paths {
		binary, err := readBinary(path)
		if err != nil {
			return nil, err
		}
		binaries = append(binaries, binary)
	}
	return binaries, nil
}

// program is the name of its folder in cmd.
func (b *binary) program() string { return path.Base(b.info.Path) }

// product is what a release calls it. Among other downloads, "manager" says too little.
func (b *binary) product() string {
	if b.program() == "manager" {
		return "wukong-manager"
	}
	return b.program()
}

// artifact names what a release makes of it, without an extension.
func (b *binary) artifact(version string) string {
	return fmt.Sprintf("%s-%s-%s-%s", b.product(), version, b.system(), b.architecture())
}

// file is its name inside an archive or image.
func (b *binary) file() string { return filepath.Base(b.path) }

func (b *binary) system() string       { return b.setting("GOOS") }
func (b *binary) architecture() string { return b.setting("GOARCH") }

func (b *binary) setting(key string) string {
	for _, setting := range b.info.Settings {
		if setting.Key == key {
			return setting.Value
		}
	}
	return ""
}

// digestOf returns the SHA-256 of a file in hexadecimal digits.
func digestOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
