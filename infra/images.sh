#!/bin/sh
# Builds the images: images.sh [image ...], all of them unless some are named: one for each pipeline in jobs/,
# the app with all of them, the triggers and the studio. `images.sh --list` prints their names.
#
# Named, it builds those of infra/ai-effect/ too: a service of a use case (data-generator), or the gRPC facade of a
# stage (story-narrate).
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

pipelines=$(for file in jobs/*/pipeline.yaml; do basename "$(dirname "$file")"; done)
all="$(echo "$pipelines" | tr _ -) app cloudrun-trigger codeengine-trigger studio"
if [ "${1:-}" = --list ]; then
    # shellcheck disable=SC2086 # names are words
    printf '%s\n' $all
    exit
fi
python=${PYTHON:-python3}

engine() {
    for name in docker podman buildah; do
        if command -v "$name" >/dev/null && "$name" info >/dev/null 2>&1; then echo "$name"; return; fi
    done
    echo 'images.sh: found neither docker, podman nor buildah that works: install one, or name it in ENGINE' >&2
    exit 1
}

# build <image> <name> [flag ...]
build() {
    target=$1 name=$2 file=infra/Dockerfile context=.
    shift 2
    pipeline=$(echo "$target" | tr - _)
    service=$(find infra/ai-effect/use-cases -path "*/services/$pipeline/Dockerfile")
    if [ -n "$service" ]; then
        file=$service context=${service%/*/Dockerfile} target=''
    elif stage=$(stage_of "$pipeline"); then
        target=facade
        set -- "$@" --build-arg "PIPELINE=${stage%.*}" --build-arg "STAGE=${stage#*.}"
    elif [ -f "jobs/$pipeline/pipeline.yaml" ]; then
        target=pipeline
        set -- "$@" --build-arg "PIPELINE=$pipeline"
    elif [ "$target" = app ]; then
        set -- "$@" --build-arg "PIPELINES=$(echo "$pipelines" | paste -sd, -)"
    fi
    while IFS= read -r folder; do set -- "$@" --volume "$folder:$folder:ro"; done <"$secrets/folders"
    # shellcheck disable=SC2086 # flags are words
    "$engine" build $flags ${BUILD_FLAGS:-} "$@" ${BASE:+--build-arg "BASE=$BASE"} \
        ${VOICES:+--build-arg "VOICES=$VOICES"} ${VOICES_URL:+--build-arg "VOICES_URL=$VOICES_URL"} \
        --secret "id=pip.conf,src=$secrets/pip.conf" --secret "id=ca.crt,src=$secrets/ca.crt" \
        --label "$label.version=$version" --label "$label.revision=$revision" \
        ${source:+--label "$label.source=$source"} \
        --file "$file" ${target:+--target "$target"} --tag "$name" "$context" >&2
}

# The pipeline and stage of `<pipeline>_<stage>`, with a dot between them.
stage_of() {
    for each in $pipelines; do
        if [ -f "jobs/$each/${1#"${each}_"}.py" ]; then echo "$each.${1#"${each}_"}"; return; fi
    done
    return 1
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

# shellcheck disable=SC2086 # images are words
[ $# -gt 0 ] || set -- $all
for image; do
    name=${REGISTRY:-reelwright}/$image:${TAG:-$version}
    echo "building $name ..." >&2
    build "$image" "$name"
    echo "$name"
done
