#!/bin/sh
# The wheel as a stranger gets it, on a machine with Python alone: README's first commands as written there, in an empty
# environment outside the checkout, with everything from the package index; then the demo. No Node is in the PATH.
# Takes a few minutes.
set -eu
cd "$(dirname "$0")/.."
python=$PWD/.venv/bin/python
documents=$PWD/tests/documents
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

$python -m build --wheel --no-isolation --outdir "$work/wheel" . >/dev/null
$python -m venv "$work/env"
mkdir "$work/bin" "$work/user"
for program in /usr/bin/* ; do
    case $(basename "$program") in node|np[mx]|chrom*|google*|python*) ;; *) ln -s "$program" "$work/bin/" ;; esac
done
cd "$work/user"
# `pip install isoship` takes the wheel that was built, and all else from the index.
export PIP_FIND_LINKS="$work/wheel" PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=1

(cd "$documents" && $python -c '
from pages import pages
page = pages()["README.md"]
print(*page.blocks[0].lines, sep="\n")') >first
[ "$(wc -l <first)" = 3 ]
PATH="$work/env/bin:$work/bin"
run() {
    echo "\$ $1" >&2
    sh -eu -c "$1"
}
run "$(sed -n 1p first)"
pip check
(cd "$documents" && PYTHONPATH=.. "$python" -c 'from prepared import TRAIN; print(TRAIN)') | python - # what its readers bring
run "$(sed -n 2p first)"
run "$(sed -n 3p first)" >report || [ $? = 2 ] # without Node web/ runs nowhere, which is said
tail -1 report
grep -q '^not checked: rows-web, web, tfjs-stock ran in no runtime here; the 6 runtimes asked agree with the reference on ' report
# The same of a polars frame with nulls of each kind: as a frame, and as the Parquet file that polars writes.
run "pip install polars"
mkdir polars
(
    cd polars
    python "$documents/polars_rows.py"
    run "$(sed -n 2p ../first)"
    run "$(sed -n 3p ../first)" >report || [ $? = 2 ]
    grep -q '^not checked: rows-web, web, tfjs-stock ran in no runtime here; the 6 runtimes asked agree with the reference on ' report
)
isoship --help >/dev/null
isoship predict bundle rows.parquet | head -3
isoship inspect bundle
python -X importtime -c 'import isoship' 2>&1 | tail -1

run "pip install 'isoship[demo]'"
run "isoship demo" >report || [ $? = 2 ]
tail -1 report | grep -q 'isoship serve'
isoship predict isoship-demo/bundle isoship-demo/penguins.csv | head -3
