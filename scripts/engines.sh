#!/bin/sh
# isoship[spark] and isoship[ray] as a user installs them, in an environment of their own (.tools/engines), and the tests
# of both on this machine alone. Spark needs Java 17 or newer. `make test-all GROUP=engines` runs it.
#
#     scripts/engines.sh [arguments of pytest]
set -eu
cd "$(dirname "$0")/.."
tools=.tools/engines
lock=requirements/engines.lock
command -v java >/dev/null || {
    echo "Spark needs Java: sudo apt-get install openjdk-17-jre-headless" >&2
    exit 2
}

if [ ! -e "$tools/.installed" ] || [ "$lock" -nt "$tools/.installed" ]; then
    rm -rf "$tools"
    "${PYTHON:-python3}" -m venv "$tools"
    "$tools/bin/python" -m pip install -q --disable-pip-version-check -r "$lock"
    touch "$tools/.installed"
fi

built=build/engines
mkdir -p "$built"
rm -f "$built"/*.whl
.venv/bin/python -m build --wheel --no-isolation --outdir "$built" . >/dev/null
wheel=$(echo "$built"/isoship-*.whl)
"$tools/bin/python" -m pip uninstall -q -y isoship 2>/dev/null
# The extras are resolved, so what they do not bring is missed; the lock says which releases.
"$tools/bin/python" -m pip install -q --disable-pip-version-check -c "$lock" "$wheel[spark,ray]"
"$tools/bin/python" -m pip check
export ORT_DISABLE_TELEMETRY=1 OMP_NUM_THREADS=1
[ $# -gt 0 ] || set -- tests/engines
exec "$tools/bin/python" -m pytest -q -n0 "$@"
