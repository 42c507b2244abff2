#!/bin/sh
# Installs what some extras need into /venv: install-extras.sh story-narrate,gs,s3
set -eu
touch README.md LICENSE  # pyproject.toml names them; the code itself comes in a layer of its own
[ ! -e /run/secrets/pip.conf ] || export PIP_CONFIG_FILE=/run/secrets/pip.conf
[ ! -s /run/secrets/ca.crt ] || export PIP_CERT=/run/secrets/ca.crt
/pip/bin/pip --python /venv/bin/python install --quiet --no-cache-dir --no-compile --disable-pip-version-check \
    --constraint constraints.txt ".[$1]"
# Only its weights are used: what it depends on (6 GB of Torch) stays away.
case ",$1," in *,subtitles,*)
    /pip/bin/pip --python /venv/bin/python install --quiet --no-cache-dir --no-compile --no-deps \
        --disable-pip-version-check --constraint constraints.txt resemblyzer ;;
esac
/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /venv/lib
