#!/bin/sh
# The lowest releases that pyproject.toml declares, in an environment of their own (.tools/lowest, Python 3.11), and the
# core of the suite with them: `make test-lowest`. After a bound has changed, `scripts/lowest.sh renew` resolves
# requirements/lowest.lock again; a test holds it against pyproject.toml.
set -eu
cd "$(dirname "$0")/.."
tools=.tools/lowest
lock=requirements/lowest.lock

if [ "${1:-}" = renew ]; then
    [ -x .tools/uv/bin/uv ] || {
        "${PYTHON:-python3}" -m venv .tools/uv
        .tools/uv/bin/python -m pip install -q --disable-pip-version-check uv
    }
    mkdir -p build/lowest
    # xgboost itself brings 469 MB for GPUs; the tools of the tests are those of dev.lock.
    sed 's/"xgboost>/"xgboost-cpu>/' pyproject.toml >build/lowest/pyproject.toml
    grep -E '^(awslambdaric|httpx|hypothesis|jsonschema|polars|pytest|pytest-xdist)==' requirements/dev.lock >build/lowest/tests.in
    resolved=$(.tools/uv/bin/uv pip compile -q --no-header --no-annotate --resolution lowest-direct --python-version 3.11 \
        --extra boosters --extra skops --extra demo build/lowest/pyproject.toml build/lowest/tests.in)
    {
        echo "# The lowest release of every package that pyproject.toml declares (.tools/lowest), the newest of what those bring along,"
        echo "# and what the tests need. Written by \`scripts/lowest.sh renew\`."
        echo "$resolved"
    } >$lock
    exit
fi

if [ ! -e $tools/.installed ] || [ $lock -nt $tools/.installed ]; then
    python=$(.venv/bin/python -c 'from isoship.bundle.interpreters import find_interpreter; print(find_interpreter("3.11") or "")')
    [ -n "$python" ] || {
        echo "no Python 3.11 is here, the lowest that isoship takes: uv python install 3.11 (or pyenv), and again" >&2
        exit 1
    }
    rm -rf $tools
    "$python" -m venv $tools
    $tools/bin/python -m pip install -q --disable-pip-version-check -r $lock
    touch $tools/.installed
fi

mkdir -p build/lowest
rm -f build/lowest/*.whl
.venv/bin/python -m build --wheel --no-isolation --outdir build/lowest . >/dev/null
$tools/bin/python -m pip install -q --disable-pip-version-check --no-deps --force-reinstall build/lowest/isoship-*.whl
$tools/bin/python -m pip check
# What shows that models are exported exactly, predicted and checked; what is left out is skipped and counted at the end.
export ORT_DISABLE_TELEMETRY=1 ISOSHIP_NODE_MODULES=$PWD/web/node_modules
exec $tools/bin/python -m pytest -q -n 2 tests/trees tests/xgboost_models tests/lightgbm_models tests/catboost_models \
    tests/sources tests/rows tests/vectors tests/edge tests/cli/test_errors.py tests/cli/test_data.py \
    tests/cli/test_sample_files.py tests/cli/test_scoring.py tests/parity/test_check.py tests/parity/test_runners.py \
    tests/bundle/test_selftests_and_check.py "$@"
