#!/bin/sh
# Builds the images: images.sh [target ...], all of them unless some are named.
#
#   ENGINE       docker, podman or buildah; the first that is there
#   BASE         a Debian with Python, venv and CA certificates; what the Dockerfile names
#   VOICES       further neural voices that the images bring, e.g. "af_heart ff_siwis"; VOICES_URL: from where
#   REGISTRY     what the names start with; reelwright
#   TAG          the version in pyproject.toml
#   SOURCE       where the code is from, for the label; the URL of the remote "origin"
#   BUILD_FLAGS  more flags for the engine
#
# Where pip finds packages on this machine (pip.conf, PIP_*, SSL_CERT_FILE) it finds them in the build too; none
# of that is kept.
set -eu
cd "$(dirname "$0")/.."

all='story-narrate story-render story-assemble story
    ad-script-gen ad-voice-gen ad-video-gen ad-cta-gen ad-compositing ad
    app cloudrun-trigger codeengine-trigger'
python=${PYTHON:-python3}

engine() {
    for name in docker podman buildah; do
        if command -v "$name" >/dev/null && "$name" info >/dev/null 2>&1; then echo "$name"; return; fi
    done
    echo 'images.sh: found neither docker, podman nor buildah that works: install one, or name it in ENGINE' >&2
    exit 1
}

# build <target> <name> [flag ...]
build() {
    target=$1 name=$2
    shift 2
    while IFS= read -r folder; do set -- "$@" --volume "$folder:$folder:ro"; done <"$secrets/folders"
    # shellcheck disable=SC2086 # flags are words
    "$engine" build $flags ${BUILD_FLAGS:-} "$@" ${BASE:+--build-arg "BASE=$BASE"} \
        ${VOICES:+--build-arg "VOICES=$VOICES"} ${VOICES_URL:+--build-arg "VOICES_URL=$VOICES_URL"} \
        --secret "id=pip.conf,src=$secrets/pip.conf" --secret "id=ca.crt,src=$secrets/ca.crt" \
        --label "$label.version=$version" --label "$label.revision=$revision" \
        ${source:+--label "$label.source=$source"} \
        --file infra/Dockerfile --target "$target" --tag "$name" . >&2
}

engine=${ENGINE:-$(engine)}
case $engine in
    docker) flags='' ;;
    podman | buildah) flags='--layers --format docker' ;; # OCI's own format knows no HEALTHCHECK
    *) echo "images.sh: unknown ENGINE '$engine': use docker, podman or buildah" >&2; exit 1 ;;
esac
secrets=$(mktemp -d)
trap 'rm -rf "$secrets"' EXIT
"$python" infra/pip_settings.py "$engine" "$secrets" >"$secrets/folders"

label=org.opencontainers.image
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
source=${SOURCE:-$(git config --get remote.origin.url 2>/dev/null | sed 's|//[^/@]*@|//|')} # without a password

# shellcheck disable=SC2086 # targets are words
[ $# -gt 0 ] || set -- $all
for target; do
    name=${REGISTRY:-reelwright}/$target:${TAG:-$version}
    echo "building $name ..." >&2
    build "$target" "$name"
    echo "$name"
done
