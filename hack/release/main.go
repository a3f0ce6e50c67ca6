// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Command release makes what a release ships of binaries and a chart that are there already: archives, a container image as an
// OCI layout, bills of materials and checksums. The same commit gives the same bytes. The Makefile runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

const usage = `usage: release COMMAND -version v1.2.3 -revision COMMIT -time SECONDS -to FOLDER ...

  archives -licence FILE BINARY...   a tar.gz and an SPDX document of each binary
  image -name NAME BINARY...         an OCI layout with an image for the platform of each binary, its SPDX document and digest
  chart -helm HELM CHART             the chart's package
  checksums                          SHA256SUMS of all files in the folder
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// options are the flags of all commands.
type options struct {
	release release
	folder  string
	licence string
	name    string
	helm    string
}

func run(ctx context.Context, arguments []string, out io.Writer) error {
	if len(arguments) == 0 {
		return fmt.Errorf("no command\n%s", usage)
	}
	options, rest, err := parse(arguments[0], arguments[1:])
	if err != nil {
		return err
	}
	if err := os.MkdirAll(options.folder, 0o755); err != nil {
		return err
	}
	switch command := arguments[0]; command {
	case "archives":
		return makeArchives(rest, options, out)
	case "image":
		return makeImage(rest, options, out)
	case "chart":
		if len(rest) != 1 {
			return fmt.Errorf("chart takes one chart, not %d", len(rest))
		}
		return packageChart(ctx, options.helm, rest[0], options.folder, options.release)
	case "checksums":
		return writeChecksums(options.folder, "SHA256SUMS")
	default:
		return fmt.Errorf("there is no command %q\n%s", command, usage)
	}
}

func parse(command string, arguments []string) (options, []string, error) {
	var parsed options
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	version := flags.String("version", "", "")
	revision := flags.String("revision", "", "")
	epoch := flags.Int64("time", 0, "")
	flags.StringVar(&parsed.folder, "to", "", "")
	flags.StringVar(&parsed.licence, "licence", "", "")
	flags.StringVar(&parsed.name, "name", "", "")
	flags.StringVar(&parsed.helm, "helm", "helm", "")
	if err := flags.Parse(arguments); err != nil {
		return options{}, nil, fmt.Errorf("%w\n%s", err, usage)
	}
	if parsed.folder == "" {
		return options{}, nil, fmt.Errorf("no folder\n%s", usage)
	}
	var err error
	parsed.release, err = newRelease(*version, *revision, *epoch)
	return parsed, flags.Args(), err
}

func makeArchives(paths []string, options options, out io.Writer) error {
	binaries, err := readBinaries(paths)
	if err != nil {
		return err
	}
	for _, binary := range binaries {
		path := filepath.Join(options.folder, binary.artifact(options.release.version))
		entries := []entry{
			{name: binary.file(), mode: 0o755, path: binary.path},
			{name: filepath.Base(options.licence), mode: 0o644, path: options.licence},
		}
		if err := writeTarball(path+".tar.gz", entries, options.release.time); err != nil {
			return err
		}
		if err := billOfBinary(binary, options.release).write(path + ".spdx.json"); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s.tar.gz\n", path)
	}
	return nil
}

func makeImage(paths []string, options options, out io.Writer) error {
	binaries, err := readBinaries(paths)
	if err != nil {
		return err
	}
	image, err := buildImage(binaries, options.release)
	if err != nil {
		return err
	}
	path := filepath.Join(options.folder, options.name+"-"+options.release.version+"-image")
	if err := image.write(path+".tar", options.name, options.release.version, options.release.time); err != nil {
		return err
	}
	if err := billOfImage(options.name, image, options.release).write(path + ".spdx.json"); err != nil {
		return err
	}
	err = writeFile(path+".digest", func(file io.Writer) error {
		_, err := fmt.Fprintln(file, image.digest)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s.tar %s\n", path, image.digest)
	return nil
}
