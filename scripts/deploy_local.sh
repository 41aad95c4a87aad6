#!/bin/sh
# Deploys real bundles with `sam deploy` to a local AWS (ministack, in an environment of its own), on loopback.
# The emulator runs handlers with its own Python, so that is one which the bundles are built for.
set -eu
cd "$(dirname "$0")/.."
tools=.tools/ministack
if [ ! -e $tools/.installed ] || [ requirements/ministack.lock -nt $tools/.installed ]; then
    python=$(.venv/bin/python -c '
from isoship.bundle.interpreters import find_interpreter
from isoship.bundle.aws_lambda.pythons import default_lambda_python
print(find_interpreter(default_lambda_python()) or "")')
    [ -n "$python" ] || {
        echo "no Python that Lambda offers is here: uv python install 3.13 (or pyenv), and again" >&2
        exit 1
    }
    rm -rf $tools
    "$python" -m venv $tools
    $tools/bin/python -m pip install -q --disable-pip-version-check -r requirements/ministack.lock
    touch $tools/.installed
fi
mkdir -p build
.venv/bin/python tests/deploy/deployed_models.py build/deployed
ISOSHIP_DEPLOYED=$PWD/build/deployed exec $tools/bin/python -m pytest --noconftest -o addopts= -o pythonpath=tests -p no:cacheprovider \
    -v tests/deploy/deploy_local.py tests/deploy/deploy_parameters.py tests/deploy/deploy_queue.py tests/deploy/deploy_image.py "$@"
