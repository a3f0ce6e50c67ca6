// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/go-logr/logr"
	"github.com/go-logr/zapr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// newLogger returns the logger of the process, zap behind logr, and a function that writes out what it holds back.
func newLogger(opts *options) (logr.Logger, func(), error) {
	level, err := zapcore.ParseLevel(opts.logLevel)
	if err != nil {
		return logr.Logger{}, nil, fmt.Errorf("reading the log level: %w", err)
	}
	config := zap.NewProductionConfig()
	config.Encoding = opts.logFormat
	config.Level = zap.NewAtomicLevelAt(level)
	config.EncoderConfig.EncodeTime = zapcore.ISO8601TimeEncoder
	config.EncoderConfig.TimeKey = "time"
	// An operator's log is read when something goes wrong; a sampled one may lack just that line.
	config.Sampling = nil
	logger, err := config.Build(zap.WrapCore(func(core zapcore.Core) zapcore.Core { return redacting{core} }))
	if err != nil {
		return logr.Logger{}, nil, fmt.Errorf("building the logger: %w", err)
	}
	flush := func() {
		// Standard error cannot always be synchronised, and nobody could be told if it fails.
		_ = logger.Sync()
	}
	return zapr.NewLogger(logger), flush, nil
}
