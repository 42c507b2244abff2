#!/bin/sh
# Builds the images: images.sh [target ...], all of them unless some are named.
#
#   ENGINE       docker, podman or buildah; the first that is there
#   BASE         a Debian with Python, venv and CA certificates; python:3.12-slim
#   REGISTRY     what the names start with; reelwright
#   TAG          latest
#   SOURCE       where the code is from, for the label; the URL of the remote "origin"
#   BUILD_FLAGS  more flags for the engine
#
# What pip is told on this machine (pip.conf, PIP_*, SSL_CERT_FILE) holds in the build too, and isn't kept.
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

# pip's settings as a pip.conf, those of the environment last so that they win.
pip_settings() {
    echo '[global]'
    "$python" -m pip config list 2>/dev/null | sort -r |
        sed -nE "s/^(global|:env:)\.([a-z-]+)='(.*)'\$/\2 = \3/p" | grep -vE '^cert ' |
        awk '{ last[$1] = $0 } END { for (name in last) print last[name] }'
}

# Folders of packages on this machine, shown to the build at the same place: Docker can't do that. An index
# (…/simple) may have its files beside it.
mounts() {
    [ "$engine" = docker ] ||
        tr ' ' '\n' <"$secrets/pip.conf" | sed -nE 's|/simple/?$||; s|^(file://)?(/.+)|\2|p' | sort -u |
        while read -r folder; do [ ! -d "$folder" ] || printf -- '--volume %s:%s:ro ' "$folder" "$folder"; done
}

engine=${ENGINE:-$(engine)}
secrets=$(mktemp -d)
trap 'rm -rf "$secrets"' EXIT
pip_settings >"$secrets/pip.conf"
cat "${PIP_CERT:-${SSL_CERT_FILE:-/dev/null}}" >"$secrets/ca.crt"

case $engine in
    docker) flags='' ;;
    podman | buildah) flags='--layers --format docker' ;; # OCI's own format knows no HEALTHCHECK
    *) echo "images.sh: unknown ENGINE '$engine': use docker, podman or buildah" >&2; exit 1 ;;
esac

label=org.opencontainers.image
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
source=${SOURCE:-$(git config --get remote.origin.url 2>/dev/null | sed 's|//[^/@]*@|//|')} # without a password

# shellcheck disable=SC2086 # targets are words
[ $# -gt 0 ] || set -- $all
for target; do
    name=${REGISTRY:-reelwright}/$target:${TAG:-latest}
    echo "building $name ..." >&2
    # shellcheck disable=SC2046,SC2086 # flags are words
    "$engine" build $flags ${BUILD_FLAGS:-} $(mounts) ${BASE:+--build-arg "BASE=$BASE"} \
        --secret "id=pip.conf,src=$secrets/pip.conf" --secret "id=ca.crt,src=$secrets/ca.crt" \
        --label "$label.version=$version" --label "$label.revision=$revision" \
        ${source:+--label "$label.source=$source"} \
        --file infra/Dockerfile --target "$target" --tag "$name" . >&2
    echo "$name"
done
