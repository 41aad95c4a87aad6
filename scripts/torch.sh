#!/bin/sh
# isoship[torch] as a user installs it, in an environment of its own (.tools/torch): the wheel with that extra alone, and
# the tests of torch's models. `make test-all GROUP=torch` runs it; arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
tools=.tools/torch
lock=requirements/torch.lock

if [ ! -e $tools/.installed ] || [ $lock -nt $tools/.installed ]; then
    rm -rf $tools
    "${PYTHON:-python3}" -m venv $tools
    $tools/bin/python -m pip install -q --disable-pip-version-check -r $lock
    touch $tools/.installed
fi

mkdir -p build/torch
rm -f build/torch/*.whl
.venv/bin/python -m build --wheel --no-isolation --outdir build/torch . >/dev/null
wheel=$(echo build/torch/isoship-*.whl)
$tools/bin/python -m pip uninstall -q -y isoship 2>/dev/null
# The extra is resolved, so what it does not bring is missed; the lock says which releases.
$tools/bin/python -m pip install -q --disable-pip-version-check -c $lock "$wheel[torch]"
$tools/bin/python -m pip check
export ORT_DISABLE_TELEMETRY=1 OMP_NUM_THREADS=1 ISOSHIP_NODE_MODULES=$PWD/web/node_modules
[ $# -gt 0 ] || set -- tests/torch_models/test_*.py tests/torch_models/ten_lines.py tests/torch_models/digits_torch.py
exec $tools/bin/python -m pytest -q -n0 "$@"
