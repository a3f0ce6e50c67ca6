// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/novasphere/wukong/pkg/manifest"
)

// render prints the objects of all Wukongs that the files hold, or nothing when one of them is not valid.
func render(opts *options, stdin io.Reader, stdout, stderr io.Writer) error {
	if err := opts.validate(); err != nil {
		return err
	}
	documents, err := read(opts.files, stdin)
	if err != nil {
		return err
	}
	in, err := parse(documents)
	if err != nil {
		return err
	}
	if opts.verbose {
		for _, ignored := range in.ignored {
			fmt.Fprintln(stderr, ignored)
		}
	}
	for _, place := range in.uplinks {
		fmt.Fprintf(stderr, "%s: warning: WukongUplinks are not evaluated offline; what is rendered is as without it\n", place)
	}
	if len(in.wukongs) == 0 && len(in.problems) == 0 {
		return errors.New("there is no Wukong in what was given with -f")
	}
	objects, err := manifest.RenderAll(in.wukongs, manifest.Options{
		DefaultUplink: opts.defaultUplink, DefaultImage: opts.defaultImage, TapBinding: opts.tapBinding, Secrets: in.secrets,
	})
	problems := append(in.problems, in.locate(err)...)
	if len(problems) > 0 {
		for _, problem := range problems {
			fmt.Fprintln(stderr, problem)
		}
		return fmt.Errorf("nothing is rendered; correct what is named above")
	}
	for i, wukong := range in.wukongs {
		for _, missing := range manifest.MissingSecrets(wukong, in.secrets) {
			fmt.Fprintf(stderr, "%s: warning: %s: Secret %s is not among the given documents; what it holds is left out\n", in.places[i], missing.Field, missing.Name)
		}
	}
	text, err := encode(objects, opts.output)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		return fmt.Errorf("writing the objects: %w", err)
	}
	return nil
}

func encode(objects []manifest.Object, output string) (string, error) {
	if output == outputJSON {
		return manifest.JSON(objects)
	}
	return manifest.YAML(objects)
}
