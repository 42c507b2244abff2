#!/bin/sh
# Makes a base image from Debian's packages, where no registry answers: base.sh <name>. Needs root,
# debootstrap and podman. An image that is there already is left as it is.
#
#   SUITE   which Debian; bookworm
#   MIRROR  where from; what this system's own sources name
set -eu
name=$1
! podman image exists "$name" || exit 0

# The mirror that apt itself has from Debian: not that of its security updates, nor anybody else's.
own_mirror() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' |
        sed 's|/$||;q'
}

mirror=${MIRROR:-$(own_mirror 2>/dev/null || true)}
if [ -z "$mirror" ]; then
    echo 'base.sh: the sources of this system name no mirror of Debian: set MIRROR to the URL of one' \
        '(on a Debian, apt-get update first will do)' >&2
    exit 1
fi
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv \
    "${SUITE:-bookworm}" "$root" "$mirror" >&2
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* \
    "$root"/usr/share/man/* "$root"/usr/share/locale/* "$root"/usr/share/info/*
find "$root/usr/share/doc" -type f ! -name copyright -delete
ln -s python3 "$root/usr/bin/python"
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
tar -C "$root" -c . | podman import --quiet --change "ENV PATH=$path" - "$name"
