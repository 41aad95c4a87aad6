#!/bin/sh
# An extra as a user installs it, in an environment of its own (.tools/NAME): the wheel with that extra alone, and the
# tests of what it is for. `make test-all GROUP=NAME` runs it.
#
#     scripts/extra.sh torch|keras|mlflow|remote|engines [arguments of pytest]
set -eu
cd "$(dirname "$0")/.."
name=${1:?which one: torch, keras, mlflow, remote or engines}
shift
extra=$name
tests=tests/${name}_models
case $name in
engines) extra=spark,ray tests=tests/engines ;;
remote) tests=tests/remote ;;
esac
tools=.tools/$name
lock=requirements/$name.lock
if [ ! -e "$lock" ] || [ ! -d "$tests" ]; then
    echo "no extra with tests of its own: $name (it needs $lock and $tests)" >&2
    exit 2
fi
# Spark, which the tests of mlflow ask, too, needs Java 17 or newer.
if { [ "$name" = mlflow ] || [ "$name" = engines ]; } && ! command -v java >/dev/null; then
    [ "$(id -u)" = 0 ] || { echo "missing: Java. Install it: sudo apt-get install default-jre-headless" >&2; exit 2; }
    apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null
fi

if [ ! -e "$tools/.installed" ] || [ "$lock" -nt "$tools/.installed" ]; then
    rm -rf "$tools"
    "${PYTHON:-python3}" -m venv "$tools"
    "$tools/bin/python" -m pip install -q --disable-pip-version-check -r "$lock"
    touch "$tools/.installed"
fi

built=build/$name
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
