# Needs Go, git and make, and a C compiler for the race detector. Everything else is built from Go modules.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help

GO ?= go
# Packages that are tested at the same time. Those of e2e run servers of their own, so more is not faster.
JOBS ?= 2
# ARGS go to `go test` in every target that runs it, for example ARGS='-run TestName -v'.
ARGS ?=
# How long each fuzz target runs.
FUZZTIME ?= 30s
# How many random worlds lab-worlds goes through.
WORLDS ?= 200
# Under how many machines upgrade works, and the git revision that it upgrades from.
MACHINES ?= 100
PREVIOUS ?=
# How often failover kills the leader.
KILLS ?= 50
# The benchmarks to run, as a regular expression.
BENCH ?= .
# Where vulncheck has its vulnerabilities from: a URL, also of a mirror or of a folder (file:///...).
VULNDB ?= https://vuln.go.dev
# ONCE=1 ends the demo when it has shown everything, instead of waiting for Ctrl-C.
ONCE ?=

# The oldest version of Kubernetes that Wukong runs on.
OLDEST_KUBERNETES := 1.31.0

# The image that image builds, and for which platforms; PUSH=1 also pushes it.
IMAGE ?= wukong-manager:$(VERSION)
PLATFORMS ?= linux/$(shell $(GO) env GOARCH)
PUSH ?=
# The chart of a release, and where release-artifacts puts what it makes.
CHART ?= charts/wukong
DIST ?= bin/release/$(VERSION)

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)

# The pinned tools, one folder per Go version: a linter must not be older than the compiler.
TOOLS := bin/tools/$(shell $(GO) env GOVERSION)
CONTROLLER_GEN := $(TOOLS)/controller-gen
CRD_REF_DOCS := $(TOOLS)/crd-ref-docs
GOLANGCI_LINT := $(TOOLS)/golangci-lint
GOVULNCHECK := $(TOOLS)/govulncheck

# What `make generate` writes, as git pathspecs.
GENERATED := ':(glob)apis/**/zz_generated.*.go' config/crd/bases config/rbac/role.yaml config/default/install.yaml charts/wukong/crds charts/wukong/files/role.yaml charts/wukong/files/secrets.yaml docs/api.md

# The Go files that git has or would take, and those of them without a licence header.
GO_FILES := git ls-files --cached --others --exclude-standard -- '*.go' | while read -r file; do if [ -f "$$file" ]; then echo "$$file"; fi; done
WITHOUT_HEADER := $(GO_FILES) | xargs -r grep -L '^// SPDX-License-Identifier: Apache-2.0$$' || true

##@ Help

.PHONY: help
help: ## Show this list.
	@awk 'BEGIN { FS = ":.*## "; printf "Usage: make TARGET [NAME=VALUE ...]\n" } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z][a-z0-9-]*:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

##@ See it work

.PHONY: demo
demo: bin/lab ## Start a lab, walk through what Wukong does, stay up until Ctrl-C; ONCE=1 ends by itself.
	bin/lab demo $(if $(filter-out 0 false no,$(ONCE)),--once)

.PHONY: lab
lab: bin/lab ## Start a lab to play with: API server, node network and KubeVirt stand-ins, and Wukong.
	bin/lab up

##@ Write code

.PHONY: generate
generate: bin/lab $(CONTROLLER_GEN) $(CRD_REF_DOCS) ## Write deepcopy code, CRDs, RBAC, the chart's copies of them, and docs/api.md.
	@mkdir -p config/crd/bases config/rbac docs
	@# First of all: the other steps need code that compiles.
	$(CONTROLLER_GEN) object:headerFile=hack/boilerplate.go.txt paths=./apis/...
	@# By way of a folder of its own, so that the file of a kind that is gone goes too.
	@rm -rf bin/crd
	$(CONTROLLER_GEN) crd paths=./apis/... output:crd:dir=bin/crd
	@rm -f config/crd/bases/*.yaml && mv bin/crd/*.yaml config/crd/bases/ && rmdir bin/crd
	$(CRD_REF_DOCS) --source-path=apis --config=hack/crd-ref-docs.yaml --renderer=markdown --output-path=docs/api.md --log-level=ERROR
	$(CONTROLLER_GEN) rbac:roleName=wukong-manager paths=./controllers/... paths=./cmd/... output:rbac:dir=config/rbac
	@# A chart can read no file outside of it.
	@rm -rf charts/wukong/crds && cp -R config/crd/bases charts/wukong/crds
	@cp config/rbac/role.yaml config/rbac/secrets.yaml charts/wukong/files/
	"$$(bin/lab helm)" template wukong charts/wukong --namespace wukong-system --kube-version $(OLDEST_KUBERNETES) --no-hooks > bin/install.yaml
	@mv bin/install.yaml config/default/install.yaml

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## Format the code, sort the imports and add missing licence headers.
	@for file in $$($(WITHOUT_HEADER)); do \
		echo "adding the header to $$file"; \
		content=$$(cat hack/boilerplate.go.txt; echo; cat "$$file"); \
		printf '%s\n' "$$content" > "$$file"; \
	done
	$(GOLANGCI_LINT) fmt

##@ Check

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Run the linters: import directions, API conventions, style and mistakes.
	$(GOLANGCI_LINT) run
	cd hack/release && '$(CURDIR)/$(GOLANGCI_LINT)' run

.PHONY: verify
verify: verify-generate verify-modules verify-format ## Check that generated files, go.mod and formatting are up to date.

.PHONY: verify-generate
verify-generate: generate
	@new=$$(git ls-files --others --exclude-standard -- $(GENERATED)); \
	if ! git --no-pager diff --exit-code -- $(GENERATED) || [ -n "$$new" ]; then \
		[ -z "$$new" ] || printf 'not in git: %s\n' $$new >&2; \
		echo "verify: generated files are out of date; run 'make generate' and add the files above to the commit" >&2; exit 1; \
	fi

.PHONY: verify-modules
verify-modules:
	@for module in . hack/release; do \
		$(GO) -C $$module mod tidy -diff || { echo "verify: go.mod or go.sum in $$module is out of date; run 'go mod tidy' there" >&2; exit 1; }; \
	done

.PHONY: verify-format
verify-format:
	@bad=$$($(GO_FILES) | xargs -r gofmt -l; $(WITHOUT_HEADER)); \
	if [ -n "$$bad" ]; then \
		printf '%s\n' "$$bad" "verify: the files above are not formatted or lack the licence header; run 'make fmt'" >&2; exit 1; \
	fi

# govulncheck exits with 3 when it found something. With anything else but 0 it did not get as far as looking.
.PHONY: vulncheck
vulncheck: $(GOVULNCHECK) ## Look for known vulnerabilities in what users run; fails where VULNDB is out of reach.
	@status=0; $(GOVULNCHECK) -db '$(VULNDB)' ./cmd/... || status=$$?; \
	case $$status in \
	0) echo "vulncheck: checked, and no known vulnerability can be reached from ./cmd/..." ;; \
	3) echo "vulncheck: the vulnerabilities above can be reached from ./cmd/..." >&2; exit 3 ;; \
	*) echo "vulncheck: NOT CHECKED: govulncheck failed with $$status, see above, so nothing is known about vulnerabilities." >&2; \
	   echo "vulncheck: it reads $(VULNDB); where that is out of reach, set VULNDB to a mirror, or to file:///FOLDER with a copy." >&2; \
	   exit 1 ;; \
	esac

.PHONY: test
test: bin/lab ## Run every test, with the race detector: unit, then integration on a real API server.
	bin/lab binaries
	CGO_ENABLED=1 $(GO) test -race -timeout 50m -p $(JOBS) $(ARGS) ./...
	CGO_ENABLED=1 $(GO) -C hack/release test -race -timeout 20m $(ARGS) ./...

.PHONY: test-unit
test-unit: ## Run the tests that need no server; quick.
	$(GO) test $(ARGS) ./apis/... ./config/... ./pkg/... ./controllers/... ./cmd/...

.PHONY: e2e-kubevirt
e2e-kubevirt: bin/lab ## Run the end-to-end tests on KubeVirt's own virt-api and virt-controller.
	bin/lab binaries
	CGO_ENABLED=1 WUKONG_KUBEVIRT=real $(GO) test -race -count=1 -timeout 3h -p 1 $(ARGS) ./e2e/kubevirt ./e2e/suite

.PHONY: rights
rights: bin/lab ## Take the manager's permissions away one at a time: none may go unnoticed. About 20 minutes.
	bin/lab binaries
	CGO_ENABLED=1 WUKONG_RIGHTS=each $(GO) test -race -count=1 -v -timeout 2h -run '^(TestEachRight|TestSilentRights)$$' $(ARGS) ./e2e/suite

.PHONY: failover
failover: bin/lab ## Kill the leading manager KILLS times while machines come and go. About 25 s a kill.
	bin/lab binaries
	CGO_ENABLED=1 WUKONG_KILLS=$(KILLS) $(GO) test -race -count=1 -v -timeout 3h -run '^TestLeaderKilled$$' $(ARGS) ./e2e/chart

.PHONY: upgrade
upgrade: bin/lab ## Upgrade, roll back, uninstall and install again under MACHINES machines; PREVIOUS=REVISION upgrades from there.
	bin/lab binaries
	CGO_ENABLED=1 WUKONG_MACHINES=$(MACHINES) WUKONG_PREVIOUS=$(PREVIOUS) $(GO) test -race -count=1 -v -timeout 2h -run '^TestUpgrade$$' $(ARGS) ./e2e/chart

.PHONY: e2e-node
e2e-node: ## Prove the rendered policies on NMState itself, on nodes that boot in QEMU; needs cargo, and root once.
	$(GO) test -tags e2enode -count=1 -v -timeout 90m $(ARGS) ./e2e/node

.PHONY: e2e-guest
e2e-guest: ## Prove what Wukong makes of a machine by guests that boot in QEMU, in network namespaces; needs root.
	$(GO) test -tags e2eguest -count=1 -v -timeout 120m $(ARGS) ./e2e/guest

.PHONY: fuzz
fuzz: ## Fuzz the renderers, each for FUZZTIME.
	@grep -rE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*\(' pkg | sort \
	| sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*)\(.*|\1 \2|' \
	| while read -r package target; do \
		echo "fuzzing $$package $$target"; \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzzminimizetime=5x -fuzztime $(FUZZTIME) $(ARGS) "./$$package" </dev/null; \
	done

.PHONY: worlds
worlds: ## Let the planner go through 100000 simulated clusters; make test goes through 2000.
	$(GO) test -timeout 3h -count=1 -v -run '^TestWorlds$$' ./pkg/nodenet -worlds 100000 $(ARGS)

.PHONY: lab-worlds
lab-worlds: bin/lab ## Go through WORLDS random worlds in a lab; make test goes through a few.
	bin/lab binaries
	CGO_ENABLED=1 WUKONG_WORLDS=$(WORLDS) $(GO) test -race -timeout 3h -count=1 -run '^TestWorlds$$' $(ARGS) ./e2e/suite

.PHONY: bench
bench: bin/lab ## Run the benchmarks that BENCH matches.
	bin/lab binaries
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem $(ARGS) ./apis/... ./pkg/... ./controllers/... ./e2e/suite

##@ Build

.PHONY: build
build: bin/manager bin/kubectl-wukong ## Build bin/manager and bin/kubectl-wukong, static and stamped with the version.

.PHONY: bin/manager bin/kubectl-wukong bin/lab # The Go command knows best whether there is something to do.
bin/manager bin/kubectl-wukong: bin/%:
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $@ ./cmd/$*

bin/lab:
	@$(GO) build -buildvcs=false -o $@ ./e2e/lab/cmd/lab

##@ Release

# Whoever builds a commit again gets the same bytes: its time is the only one, and nothing of the machine or of the user's settings
# goes in. Go's version does, which is in each SBOM.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
REVISION := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)$(shell git diff --quiet HEAD 2>/dev/null || echo -changed)
MANAGERS := $(foreach platform,linux_amd64 linux_arm64,bin/$(platform)/manager)
PLUGINS := $(foreach platform,linux_amd64 linux_arm64 darwin_amd64 darwin_arm64,bin/$(platform)/kubectl-wukong) \
	bin/windows_amd64/kubectl-wukong.exe
CHART_PACKAGE := $(DIST)/wukong-$(VERSION:v%=%).tgz
# A command of hack/release, with what all of them take.
RELEASE = bin/releaser $(1) -version '$(VERSION)' -revision '$(REVISION)' -time '$(SOURCE_DATE_EPOCH)' -to '$(DIST)'

.PHONY: release-artifacts
release-artifacts: release-version bin/releaser $(MANAGERS) $(PLUGINS) $(CHART_PACKAGE) $(DIST)/install.yaml ## Make what a release ships, also the image, without an engine; VERSION=v1.2.3.
	$(call RELEASE,archives) -licence LICENSE $(MANAGERS) $(PLUGINS)
	$(call RELEASE,image) -name wukong-manager $(MANAGERS)
	$(call RELEASE,checksums)
	@echo "release-artifacts: $(DIST) has the release $(VERSION); docs/release.md says how to check and publish it"

.PHONY: release-version
release-version:
	@[[ '$(VERSION)' =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$$ ]] || \
		{ echo "release-artifacts: a version looks like v1.2.3 or v1.2.3-rc.1, not like '$(VERSION)'; set VERSION" >&2; exit 1; }

.PHONY: image
image: image-engine $(MANAGERS) ## Build the image IMAGE for PLATFORMS with docker, podman or buildah; PUSH=1 pushes it.
	@hack/image.sh build '$(IMAGE)' '$(PLATFORMS)' '$(VERSION)' '$(REVISION)' '$(SOURCE_DATE_EPOCH)' '$(filter-out 0 false no,$(PUSH))'

.PHONY: image-engine
image-engine:
	@hack/image.sh engine >/dev/null

# GOFLAGS has a value that changes nothing, because an empty one would let that of `go env -w` through.
.PHONY: $(MANAGERS) $(PLUGINS)
$(MANAGERS) $(PLUGINS): platform = $(subst _, ,$(word 2,$(subst /, ,$@)))
$(MANAGERS) $(PLUGINS):
	GOFLAGS=-buildvcs=false GOWORK=off GOAMD64=v1 GOARM64=v8.0 CGO_ENABLED=0 GOOS=$(word 1,$(platform)) GOARCH=$(word 2,$(platform)) \
		$(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $@ ./cmd/$(basename $(notdir $@))

.PHONY: $(CHART_PACKAGE) $(DIST)/install.yaml
$(CHART_PACKAGE): bin/releaser bin/lab
	@helm=$$(bin/lab helm); $(call RELEASE,chart) -helm "$$helm" $(CHART)

# Helm makes no namespace of its own, and what kubectl applies has to exist first.
$(DIST)/install.yaml: $(CHART_PACKAGE)
	@helm=$$(bin/lab helm); \
	{ cat config/default/namespace.yaml; "$$helm" template wukong $(CHART_PACKAGE) --namespace wukong-system \
		--kube-version $(OLDEST_KUBERNETES) --include-crds --no-hooks; } > $@

.PHONY: bin/releaser
bin/releaser:
	@$(GO) build -C hack/release -buildvcs=false -o '$(CURDIR)/$@' .

##@ Clean up

.PHONY: clean
clean: ## Remove what was built here. The lab's servers stay in their cache outside the tree.
	rm -rf bin

# The tools are built once, and again when their pins or the Go version change.
TOOL = @echo "building $(@F)"; $(GO) build -C hack/tools -trimpath -ldflags='-s -w' -o '$(CURDIR)/$@'

$(CONTROLLER_GEN): hack/tools/go.mod hack/tools/go.sum
	$(TOOL) sigs.k8s.io/controller-tools/cmd/controller-gen

$(CRD_REF_DOCS): hack/tools/go.mod hack/tools/go.sum
	$(TOOL) github.com/elastic/crd-ref-docs

$(GOLANGCI_LINT): hack/tools/go.mod hack/tools/go.sum
	$(TOOL) sigs.k8s.io/kube-api-linter/cmd/golangci-lint-kube-api-linter

$(GOVULNCHECK): hack/tools/go.mod hack/tools/go.sum
	$(TOOL) golang.org/x/vuln/cmd/govulncheck
