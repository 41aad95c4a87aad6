#!/bin/sh
# Makes what this checkout needs: .venv (locked), the browser runtime, and with "test" also Chromium and sam.
# Installs Debian packages only where it runs as root; elsewhere it names the line. Safe to run again.
set -eu
cd "$(dirname "$0")/.."
what=${1:-demo}

say() { printf '%s\n' "$*" >&2; }
apt() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing $* (apt)"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    else
        say "missing: $*. Install it: sudo apt-get install $*"
        return 1
    fi
}

python=${PYTHON:-python3}
command -v "$python" >/dev/null || apt python3 python3-venv
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    say "$python is $("$python" -V 2>&1); isoship needs Python 3.11 or newer: make PYTHON=python3.12 ..."
    exit 1
}
command -v node >/dev/null && command -v npm >/dev/null || apt nodejs npm
node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)' || {
    say "node is $(node --version); the browser runtime needs Node 18 or newer"
    exit 1
}

if [ ! -x .venv/bin/python ]; then
    say "creating .venv"
    "$python" -m venv .venv 2>/dev/null || {
        rm -rf .venv
        apt python3-venv
        "$python" -m venv .venv
    }
fi
stamp=.venv/.installed-dev
if [ ! -e $stamp ] || [ requirements/dev.lock -nt $stamp ] || [ pyproject.toml -nt $stamp ]; then
    say "installing Python packages (requirements/dev.lock)"
    .venv/bin/python -m pip install -q --disable-pip-version-check -r requirements/dev.lock
    say "building the browser runtime and installing isoship"
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
    # The official reader of TF.js weights, for the read-back tests. Its declared dependencies cannot be
    # installed beside onnx (docs/upstream.md) and the reader needs none of them.
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps -r requirements/no-deps.lock
    touch $stamp
fi
[ web/node_modules/.package-lock.json -nt web/package-lock.json ] || npm --prefix web ci --silent --ignore-scripts --no-audit --no-fund
.venv/bin/python hatch_build.py
say "fetching wheels for lambda/ and edge/ (cached)"
.venv/bin/python -m isoship.bundle.prefetch
command -v chromium >/dev/null || command -v google-chrome >/dev/null || apt chromium ||
    [ "$what" = demo ] # the demo runs without a browser and says so; the tests need it

if [ "$what" = test ] && { [ ! -x .tools/sam/bin/sam ] || [ requirements/sam.lock -nt .tools/sam/.installed ]; }; then
    say "installing sam (requirements/sam.lock)"
    "$python" -m venv .tools/sam
    .tools/sam/bin/python -m pip install -q --disable-pip-version-check -r requirements/sam.lock
    touch .tools/sam/.installed
fi
