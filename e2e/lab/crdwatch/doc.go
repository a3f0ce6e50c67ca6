// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crdwatch keeps one metadata watch per API open exactly while that API is served.
//
// The lab's actors play systems that may be installed, removed and installed again under their feet. An informer that
// outlives its CustomResourceDefinition retries and logs for ever, and one that is opened too early never starts, so
// each is tied to the life of one definition, told apart by UID. Only metadata travels: an event says that something
// changed, and whoever acts on it reads the object afresh.
package crdwatch
