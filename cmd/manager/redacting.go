// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"go.uber.org/zap/zapcore"

	"github.com/novasphere/wukong/pkg/redact"
)

// redacting writes log lines without the credentials of URLs in them. What our own lines say is free of them already; this is for
// the errors of the API server and of libraries, which repeat what they were given.
type redacting struct{ zapcore.Core }

// With adds fields to each line to come.
func (c redacting) With(fields []zapcore.Field) zapcore.Core {
	return redacting{c.Core.With(redacted(fields))}
}

// Check adds this core, and not the one behind it, to a line that is to be written.
func (c redacting) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write writes one line.
func (c redacting) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	entry.Message = redact.Text(entry.Message)
	return c.Core.Write(entry, redacted(fields))
}

// redacted returns the fields with their texts redacted. An error becomes its text, which is all that is logged of one.
func redacted(fields []zapcore.Field) []zapcore.Field {
	clean := make([]zapcore.Field, 0, len(fields))
	for _, field := range fields {
		switch value := field.Interface.(type) {
		case error:
			field = zapcore.Field{Key: field.Key, Type: zapcore.StringType, String: value.Error()}
		case fmt.Stringer:
			if field.Type == zapcore.StringerType {
				field = zapcore.Field{Key: field.Key, Type: zapcore.StringType, String: value.String()}
			}
		}
		if field.Type == zapcore.StringType {
			field.String = redact.Text(field.String)
		}
		clean = append(clean, field)
	}
	return clean
}
