// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entry is a file of an archive.
type entry struct {
	name string
	mode fs.FileMode
	// path is where its content comes from.
	path string
}

// writeTar writes an archive that depends on the entries and the time alone: nothing of whoever makes it, or of their machine,
// goes in.
func writeTar(out io.Writer, entries []entry, modified time.Time) error {
	sorted := slices.SortedFunc(slices.Values(entries), func(a, b entry) int { return strings.Compare(a.name, b.name) })
	archive := tar.NewWriter(out)
	for _, entry := range sorted {
		if err := appendFile(archive, entry, modified); err != nil {
			return err
		}
	}
	return archive.Close()
}

func appendFile(archive *tar.Writer, entry entry, modified time.Time) error {
	file, err := os.Open(entry.path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{
		Typeflag: tar.TypeReg,
		Name:     entry.name,
		Mode:     int64(entry.mode.Perm()),
		Size:     info.Size(),
		ModTime:  modified,
		Format:   tar.FormatUSTAR,
	}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(archive, file)
	return err
}

// writeTarball writes a compressed archive to a path. A gzip header would have room for a name and a time; both stay empty.
func writeTarball(path string, entries []entry, modified time.Time) error {
	return writeFile(path, func(out io.Writer) error {
		compressed, err := gzip.NewWriterLevel(out, gzip.BestCompression)
		if err != nil {
			return err
		}
		if err := writeTar(compressed, entries, modified); err != nil {
			return err
		}
		return compressed.Close()
	})
}

// writeFile has a file written under another name and renames it, so that a file of a release is whole or not there.
func writeFile(path string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	unfinished := path + ".unfinished"
	file, err := os.Create(unfinished)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(unfinished) }()
	if err := write(file); err != nil {
		_ = file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(unfinished, path)
}
