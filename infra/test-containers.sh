#!/bin/sh
# Builds the images with buildah and tests them in containers of podman. Needs root, buildah, podman, catatonit and,
# where no registry answers, debootstrap.
#
#   BASE    what the images are built on; what the Dockerfile names, or else Debian's packages
#   PYTHON  one that has the tests' packages
set -eu
cd "$(dirname "$0")/.."

if [ -z "${BASE:-}" ]; then
    BASE=$(sed -n 's/^ARG BASE=//p' infra/Dockerfile)
    if ! podman image exists "$BASE" && ! podman pull --quiet "$BASE" >/dev/null 2>&1; then
        BASE=localhost/reelwright-base:${SUITE:-bookworm}
        echo "no registry answers: building on $BASE, made of Debian's packages" >&2
        infra/base.sh "$BASE"
    fi
fi
export BASE TAG="${TAG:-test}" ENGINE=buildah BUILD_FLAGS="${BUILD_FLAGS:---isolation=chroot --network=host}"
infra/images.sh >/dev/null
exec "${PYTHON:-python3}" -m pytest -m containers tests/containers
