// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockRetry is how often a waiting process looks whether the other one is done.
const lockRetry = 200 * time.Millisecond

// Once builds what is to be in a folder of the cache, unless it is there: there tells whether it is. One process builds at a
// time; progress is told when this one has to wait. It returns the error of build, or why the lock could not be had.
func Once(ctx context.Context, folder string, there func() bool, build func() error, progress io.Writer) error {
	if there() {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return err
	}
	unlock, err := lock(ctx, folder+".lock", progress)
	if err != nil {
		return err
	}
	defer unlock()
	// Whoever held the lock before may have built it.
	if there() {
		return nil
	}
	return build()
}

// lock takes an exclusive lock that the kernel releases when its holder dies, so that no crash leaves the cache locked.
func lock(ctx context.Context, path string, progress io.Writer) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	ticker := time.NewTicker(lockRetry)
	defer ticker.Stop()
	for told := false; ; told = true {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = file.Close()
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		if !told {
			fmt.Fprintf(progress, "lab: another process holds %s and is probably building; waiting for it\n", path)
		}
		select {
		case <-ctx.Done():
			_ = file.Close()
			return nil, fmt.Errorf("waiting for the lock %s: %w", path, ctx.Err())
		case <-ticker.C:
		}
	}
}
