#!/usr/bin/env bash
# Copyright The Wukong Authors.
# SPDX-License-Identifier: Apache-2.0

# Builds the image with the container engine that works here. `make image` runs it.
#
#   image.sh engine                                                    print the engine, or what to do without one
#   image.sh build NAME PLATFORMS VERSION REVISION SECONDS [PUSH]      PUSH is empty, or anything to push the image
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# works tells whether an engine answers: docker's client is often there without its server.
works() {
	"$1" info >/dev/null 2>&1 && { [ "$1" != docker ] || docker buildx version >/dev/null 2>&1; }
}

engine() {
	local candidate useless=()
	for candidate in docker podman buildah; do
		command -v "$candidate" >/dev/null || continue
		if works "$candidate"; then
			echo "$candidate"
			return
		fi
		useless+=("$candidate")
	done
	{
		echo "image: no container engine works here."
		[ ${#useless[@]} = 0 ] || echo "image: there, but '${useless[0]} info' or, of docker, 'docker buildx version' fails: ${useless[*]}"
		echo "image: install Docker with buildx, podman or buildah."
		echo "image: Without one, 'make release-artifacts VERSION=v1.2.3' makes the image as an OCI layout for linux/amd64 and linux/arm64,"
		echo "image: bin/release/v1.2.3/wukong-manager-v1.2.3-image.tar, which this pushes:"
		echo "image:   skopeo copy --all oci-archive:FILE docker://REGISTRY/wukong-manager:v1.2.3"
		echo "image:   mkdir layout && tar -xf FILE -C layout && crane push layout REGISTRY/wukong-manager:v1.2.3"
	} >&2
	return 1
}

# utc prints a time in seconds since 1970 in a format of date, of which GNU's and BSD's take it differently.
utc() {
	TZ=UTC0 date -d "@$1" "+$2" 2>/dev/null || TZ=UTC0 date -r "$1" "+$2"
}

build() {
	local name=$1 platforms=$2 version=$3 revision=$4 seconds=$5 push=${6-} engine
	engine=$(engine)
	# An image keeps the time of a file that is copied into it.
	TZ=UTC0 touch -t "$(utc "$seconds" %Y%m%d%H%M.%S)" bin/linux_*/manager
	local arguments=(
		--platform "$platforms"
		--build-arg "VERSION=$version"
		--build-arg "REVISION=$revision"
		--build-arg "CREATED=$(utc "$seconds" %Y-%m-%dT%H:%M:%SZ)"
	)
	if [ "$engine" = docker ]; then
		# A record of how it was built has the time of the build in it, and the digest with it.
		[ -z "$push" ] || arguments+=(--push)
		SOURCE_DATE_EPOCH=$seconds docker buildx build --provenance=false "${arguments[@]}" --tag "$name" .
		return
	fi
	if [[ $platforms != *,* ]]; then
		"$engine" build --timestamp "$seconds" "${arguments[@]}" --tag "$name" .
		[ -z "$push" ] || "$engine" push "$name"
		return
	fi
	# A list would also keep the images of earlier builds.
	"$engine" manifest rm "$name" >/dev/null 2>&1 || true
	"$engine" build --timestamp "$seconds" "${arguments[@]}" --manifest "$name" .
	[ -z "$push" ] || "$engine" manifest push --all "$name" "docker://$name"
}

case ${1-} in
engine) engine ;;
build) shift && build "$@" ;;
*) sed -n 's/^#   //p' "${BASH_SOURCE[0]}" >&2 && exit 2 ;;
esac
