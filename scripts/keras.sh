#!/bin/sh
# isoship[keras] as a user installs it, in an environment of its own (.tools/keras): the wheel with that extra alone, and
# the tests of Keras's models and SavedModels. `make test-all GROUP=keras` runs it; arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
tools=.tools/keras
lock=requirements/keras.lock

if [ ! -e $tools/.installed ] || [ $lock -nt $tools/.installed ]; then
    rm -rf $tools
    "${PYTHON:-python3}" -m venv $tools
    $tools/bin/python -m pip install -q --disable-pip-version-check -r $lock
    touch $tools/.installed
fi

mkdir -p build/keras
rm -f build/keras/*.whl
.venv/bin/python -m build --wheel --no-isolation --outdir build/keras . >/dev/null
wheel=$(echo build/keras/isoship-*.whl)
$tools/bin/python -m pip uninstall -q -y isoship 2>/dev/null
# The extra is resolved, so what it does not bring is missed; the lock says which releases.
$tools/bin/python -m pip install -q --disable-pip-version-check -c $lock "$wheel[keras]"
$tools/bin/python -m pip check
export ORT_DISABLE_TELEMETRY=1 OMP_NUM_THREADS=1 ISOSHIP_NODE_MODULES=$PWD/web/node_modules
[ $# -gt 0 ] || set -- tests/keras_models/test_*.py tests/keras_models/digits_keras.py
exec $tools/bin/python -m pytest -q -n0 "$@"
