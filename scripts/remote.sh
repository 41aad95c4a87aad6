#!/bin/sh
# isoship[remote] as a user installs it, in an environment of its own (.tools/remote), against an object store on
# loopback. `make test-all GROUP=remote` runs it.
#
#     scripts/remote.sh [arguments of pytest]
set -eu
cd "$(dirname "$0")/.."
tools=.tools/remote
lock=requirements/remote.lock
if [ ! -e "$tools/.installed" ] || [ "$lock" -nt "$tools/.installed" ]; then
    rm -rf "$tools"
    "${PYTHON:-python3}" -m venv "$tools"
    "$tools/bin/python" -m pip install -q --disable-pip-version-check -r "$lock"
    touch "$tools/.installed"
fi
built=build/remote
mkdir -p "$built"
rm -f "$built"/*.whl
.venv/bin/python -m build --wheel --no-isolation --outdir "$built" . >/dev/null
wheel=$(echo "$built"/isoship-*.whl)
"$tools/bin/python" -m pip uninstall -q -y isoship 2>/dev/null
# The extra is resolved, so what it does not bring is missed; the lock says which releases.
"$tools/bin/python" -m pip install -q --disable-pip-version-check -c "$lock" "$wheel[remote]"
"$tools/bin/python" -m pip check
export ORT_DISABLE_TELEMETRY=1 OMP_NUM_THREADS=1
[ $# -gt 0 ] || set -- tests/remote
exec "$tools/bin/python" -m pytest -q -n0 "$@"
