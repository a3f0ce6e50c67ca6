// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cdi plays the Containerized Data Importer v1.65, and the storage below it, against a real API server.
//
// Modelled: the life of a DataVolume from its claim to the last phase, with the conditions Bound, Running and Ready in CDI's
// words; storage classes, the default one, and those that wait for a first consumer; imports that fail, are given up or go
// well later; a quota; the file system's share of a claim; claims of anybody that are bound, enlarged, and protected while a
// pod uses them. CDI may be absent, arrive, go and arrive again while the actor runs.
//
// Modelled differently: a claim is bound without a PersistentVolume; an import goes on by itself when its script says so, and
// not at the next restart of a pod.
//
// Not modelled: importer pods, what is on a disk, block devices, progress, clones and uploads, storage profiles, the garbage
// collection of DataVolumes (removed in CDI 1.62), and admission.
package cdi
