// Module release makes what a release ships. It is a module of its own, so that the operator's does not require what only this
// needs.
module github.com/novasphere/wukong/hack/release

go 1.26.0

require (
	github.com/google/go-containerregistry v0.22.1
	github.com/opencontainers/go-digest v1.0.0
	github.com/opencontainers/image-spec v1.1.1
	github.com/spdx/tools-golang v0.5.7
)

require (
	github.com/anchore/go-struct-converter v0.1.0 // indirect
	github.com/google/go-cmp v0.7.0 // indirect
	github.com/klauspost/compress v1.19.2 // indirect
	golang.org/x/sync v0.22.0 // indirect
)
