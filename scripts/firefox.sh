#!/bin/sh
# A bundle in Firefox: load, predict and selftest on cpu, wasm and the row program, its page, and the page offline.
# Installs Debian's firefox-esr where it is missing and this runs as root.
set -eu
cd "$(dirname "$0")/.."
if ! command -v firefox-esr >/dev/null && ! command -v firefox >/dev/null; then
    [ "$(id -u)" = 0 ] || { echo "Firefox is missing: sudo apt-get install firefox-esr" >&2; exit 2; }
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null
    apt-get install -y -qq --no-install-recommends firefox-esr >/dev/null
fi
.venv/bin/python -m pytest -q -n0 -o addopts= tests/web/firefox/in_firefox.py
