#!/bin/sh
# An extra as a user installs it, in an environment of its own (.tools/EXTRA): the wheel with that extra alone, and the
# tests of the models that it reads. `make test-all GROUP=torch`, `GROUP=keras` and `GROUP=mlflow` run it.
#
#     scripts/extra.sh EXTRA [arguments of pytest]
set -eu
cd "$(dirname "$0")/.."
extra=${1:?which extra: torch, keras or mlflow}
shift
tools=.tools/$extra
lock=requirements/$extra.lock
tests=tests/${extra}_models
if [ ! -e "$lock" ] || [ ! -d "$tests" ]; then
    echo "no extra with tests of its own: $extra (it needs $lock and $tests)" >&2
    exit 2
fi
# Spark, which the tests of mlflow ask, needs Java.
if [ "$extra" = mlflow ] && ! command -v java >/dev/null; then
    [ "$(id -u)" = 0 ] || { echo "missing: Java. Install it: sudo apt-get install default-jre-headless" >&2; exit 2; }
    apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null
fi

if [ ! -e "$tools/.installed" ] || [ "$lock" -nt "$tools/.installed" ]; then
    rm -rf "$tools"
    "${PYTHON:-python3}" -m venv "$tools"
    "$tools/bin/python" -m pip install -q --disable-pip-version-check -r "$lock"
    touch "$tools/.installed"
fi

built=build/$extra
mkdir -p "$built"
rm -f "$built"/*.whl
.venv/bin/python -m build --wheel --no-isolation --outdir "$built" . >/dev/null
wheel=$(echo "$built"/isoship-*.whl)
"$tools/bin/python" -m pip uninstall -q -y isoship 2>/dev/null
# The extra is resolved, so what it does not bring is missed; the lock says which releases.
"$tools/bin/python" -m pip install -q --disable-pip-version-check -c "$lock" "$wheel[$extra]"
"$tools/bin/python" -m pip check
export ORT_DISABLE_TELEMETRY=1 OMP_NUM_THREADS=1 ISOSHIP_NODE_MODULES="$PWD/web/node_modules"
# Those without test_ in front of their names run nowhere else.
[ $# -gt 0 ] || set -- $(grep -l '^def test_' "$tests"/*.py)
exec "$tools/bin/python" -m pytest -q -n0 "$@"
