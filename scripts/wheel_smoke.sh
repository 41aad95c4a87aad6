#!/bin/sh
# The wheel as a stranger gets it: built, installed with everything it needs into an empty environment outside the
# checkout, and used there without Node. Takes a minute or two and the package index.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

$python -m build --wheel --no-isolation --outdir "$work" . >/dev/null
$python -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check "$(ls "$work"/isoship-*.whl)[demo]"
"$work/env/bin/pip" check
mkdir "$work/bin"
for program in /usr/bin/* ; do
    case $(basename "$program") in node|np[mx]|chrom*|google*|python*) ;; *) ln -s "$program" "$work/bin/" ;; esac
done
cd "$work"
PATH="$work/env/bin:$work/bin"
isoship --help >/dev/null
python -X importtime -c 'import isoship' 2>&1 | tail -1
isoship demo -o demo || [ $? = 2 ] # 2: without Node the web form ran in no runtime, and that is said
isoship predict demo/bundle demo/penguins.csv | head -3
isoship inspect demo/bundle
