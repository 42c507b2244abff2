#!/usr/bin/env bash
# Runs commands as on a new machine: bare.sh [--user] [command ...], without any `make demo && make test`.
#
# The machine is a plain Debian with python3, python3-venv, make, git and CA certificates alone: no fonts,
# servers or caches. What runs there is a fresh clone of the last commit, as root or with --user as an ordinary
# user; the clone and all that it installs are thrown away. Needs root and debootstrap.
#
#   SUITE   which Debian; that of this machine (bookworm has Python 3.11, trixie 3.13)
#   MIRROR  where its packages come from; where this machine's do
#   BARE    where the plain Debian is kept for the next time; /var/tmp/reelwright-bare-<SUITE>
#
# Proxies, certificates and pip's index hold there too, if this machine's variables say so.
set -euo pipefail
repo=$(cd "$(dirname "$0")/.." && pwd)
suite=${SUITE:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
base=${BARE:-/var/tmp/reelwright-bare-$suite}

fail() { echo "bare.sh: $1" >&2; exit 1; }

# The first mirror in this machine's own sources, of either format.
mirror() {
    cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
        sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb (\[[^]]*\] )?([^ ]+) .*/\2/p' | head -n 1
}

make_base() {
    local from=${MIRROR:-$(mirror)}
    [ -n "$from" ] || fail "this machine's apt has no sources: name a mirror in MIRROR"
    rm -rf "$base.part" "$base"
    debootstrap --variant=minbase --include=ca-certificates,git,make,python3,python3-venv \
        "$suite" "$base.part" "$from" >&2
    chroot "$base.part" useradd --create-home --shell /bin/bash someone
    mv "$base.part" "$base"
}

who=root home=/root
if [ "${1:-}" = --user ]; then who=someone home=/home/someone; shift; fi
[ $# -gt 0 ] || set -- 'make demo && make test'
[ "$(id -u)" = 0 ] || fail "needs root: try sudo"
command -v debootstrap >/dev/null || fail "needs debootstrap: apt-get install debootstrap"
[ -d "$base" ] || make_base

layer=$base.run
mkdir -p "$layer"
certificates=${PIP_CERT:-${SSL_CERT_FILE:-}}
settings=$(env | sed -nE '/^(PIP_(INDEX|EXTRA_INDEX)_URL|PIP_(TRUSTED_HOST|DEFAULT_TIMEOUT)|[a-zA-Z]+_proxy|[A-Z]+_PROXY)=/p')

# What is mounted is seen by nobody else, not even by another run, and goes with its last process.
inside() {
    mount --make-rprivate /
    mount -t tmpfs -o size=80% tmpfs "$layer"
    mkdir "$layer/changes" "$layer/work" "$layer/root"
    local root=$layer/root
    mount -t overlay -o "lowerdir=$base,upperdir=$layer/changes,workdir=$layer/work" overlay "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/dev/shm"
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    git clone --quiet --no-hardlinks "$repo" "$root$home/reelwright"
    chroot "$root" chown -R "$who:" "$home/reelwright"
    {
        [ -z "$settings" ] || echo "$settings" | sed -E "s/'/'\\\\''/g; s/^([^=]+)=(.*)/export \1='\2'/"
        if [ -n "$certificates" ]; then
            cp -L "$certificates" "$root/etc/ssl/certs/machine.crt"
            echo 'export PIP_CERT=/etc/ssl/certs/machine.crt SSL_CERT_FILE=/etc/ssl/certs/machine.crt'
        fi
        printf 'cd reelwright\n%s\n' "$*"
    } >"$root/commands"
    exec chroot "$root" su - "$who" -s /bin/bash -c 'bash -e /commands'
}

export -f inside
export base layer repo who home certificates settings
exec unshare --mount --pid --fork --kill-child bash -euo pipefail -c 'inside "$@"' bare "$@"
