#!/bin/sh
# An arm64 bundle built here and executed under emulation: `make arm64`. Needs Debian's apt (scripts/emulated.sh).
set -eu
cd "$(dirname "$0")/.."
scripts/emulated.sh arm64
exec .venv/bin/python scripts/arm64.py "$PWD/.tools/machines/arm64/python"
