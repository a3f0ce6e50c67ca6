// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/go-logr/zapr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// buffer is a log in memory.
type buffer struct{ strings.Builder }

func (*buffer) Sync() error { return nil }

func TestLogLeavesCredentialsOut(t *testing.T) {
	const disk = "https://me:hunter2@example.org/a"
	parsed, err := url.Parse(disk)
	if err != nil {
		t.Fatal(err)
	}
	written := &buffer{}
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), written, zapcore.InfoLevel)
	logger := zapr.NewLogger(zap.New(redacting{core}))
	logger.WithValues("image", disk).Info("Filled from "+disk, "from", disk, "parsed", parsed)
	logger.Error(fmt.Errorf("reading: %w", errors.New(disk)), "Failed")
	logger.V(1).Info("Not written")
	text := written.String()
	if lines := strings.Count(text, "\n"); lines != 2 || strings.Contains(text, "hunter2") || strings.Count(text, "https://***@example.org/a") != 5 {
		t.Errorf("%d lines:\n%s", lines, text)
	}
}
