#!/bin/sh
# Keras models and SavedModels by both converters: the official one in an environment of its own (.tools/tfjs, 2.1 GB),
# made by `isoship setup tfjs`, and tests/tfjs/official/routes.py in that of Keras. Where a Python 3.12 is found the
# environment is made with it as well (.tools/tfjs-3.12), which tries the converter. `make test-all GROUP=tfjs` runs it.
set -eu
cd "$(dirname "$0")/.."
requirements=export/isoship/tfjs/official/requirements.txt

# set_up FOLDER PYTHON: unless it is there and as new as what it is made of
set_up() {
    if [ ! -e "$1/.complete" ] || [ "$requirements" -nt "$1/.complete" ]; then
        ISOSHIP_TFJS=$PWD/$1 .venv/bin/isoship setup tfjs --python "$2"
    fi
}

set_up .tools/tfjs "${PYTHON:-$PWD/.venv/bin/python}"
newer=$(.venv/bin/python -c 'from isoship.bundle.interpreters import find_interpreter; print(find_interpreter("3.12") or "")')
if [ -n "$newer" ]; then
    set_up .tools/tfjs-3.12 "$newer"
else
    echo "no Python 3.12 is here: the environment was made with one Python alone" >&2
fi

export ISOSHIP_TFJS="$PWD/.tools/tfjs"
exec scripts/extra.sh keras tests/tfjs/official/routes.py
