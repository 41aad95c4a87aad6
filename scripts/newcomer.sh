#!/bin/sh
# The newcomer's path (docs/tutorial.md) followed literally on a bare machine: an environment with nothing but pip, an
# empty home and an empty folder, Node and the system's programs without Python and browsers; every block of the pages
# typed in order, `pip install isoship` with the wheel that is built here and all else from the index. Takes minutes.
set -eu
cd "$(dirname "$0")/.."
python=$PWD/.venv/bin/python
documents=$PWD/tests/documents
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

$python -m build --wheel --no-isolation --outdir "$work/wheel" . >/dev/null
$python -m venv "$work/env"
mkdir "$work/bin" "$work/home" "$work/folder"
for program in /usr/bin/*; do
    case $(basename "$program") in python* | pip* | chrom* | google* | sam | uv) ;; *) ln -s "$program" "$work/bin/" ;; esac
done
# Of this environment only where the indexes are and whom they are trusted by comes along.
env | grep -E '^(PIP_|SSL_|NODE_EXTRA|https?_|no_proxy|npm_config_)[A-Za-z_]*=' | grep -vE '^PIP_(FIND_LINKS|QUIET)=' >"$work/kept" || true
set --
while IFS= read -r line; do set -- "$@" "$line"; done <"$work/kept"
cd "$work/folder"
exec_path="$work/env/bin:$work/bin"
env -i "$@" HOME="$work/home" LANG=C.UTF-8 PATH="$exec_path" PIP_FIND_LINKS="$work/wheel" PIP_QUIET=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1 "$python" "$documents/newcomer.py" "$work/folder"
