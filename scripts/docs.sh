#!/bin/sh
# The documentation as a site in build/docs, out of the Markdown of this checkout; a warning is an error. What it needs
# is installed in .tools/docs (requirements/docs.lock). `scripts/docs.sh renew` resolves that lock again.
set -eu
cd "$(dirname "$0")/.."
tools=.tools/docs
lock=requirements/docs.lock
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "$python is not Python 3.11 or newer: make docs PYTHON=python3.12" >&2
    exit 1
}
if [ "${1:-}" = renew ]; then
    rm -rf $tools
    "$python" -m venv $tools
    $tools/bin/python -m pip install -q --disable-pip-version-check sphinx myst-parser furo
    {
        echo "# What builds the documentation (.tools/docs, Python 3.11). Written by \`scripts/docs.sh renew\`."
        $tools/bin/python -m pip freeze
    } >$lock
    touch $tools/.installed
fi
if [ ! -e $tools/.installed ] || [ $lock -nt $tools/.installed ]; then
    rm -rf $tools
    "$python" -m venv $tools || {
        echo "no venv: sudo apt-get install python3-venv, and again" >&2
        exit 1
    }
    $tools/bin/python -m pip install -q --disable-pip-version-check -r $lock
    touch $tools/.installed
fi

rm -rf build/docs build/docs-cache
$tools/bin/sphinx-build -q -n -W --keep-going -b html -c scripts/site -d build/docs-cache . build/docs
rm -rf build/docs/_sources build/docs/.buildinfo
# The front page's address is the folder's own.
printf '%s\n' '<!doctype html><meta charset="utf-8"><title>isoship</title>' \
    '<meta http-equiv="refresh" content="0; url=docs/index.html"><a href="docs/index.html">isoship</a>' >build/docs/index.html
echo "build/docs/index.html: $(find build/docs -name '*.html' | wc -l) pages, $(du -sm build/docs | cut -f1) MB; open it as a file, no server is needed"
