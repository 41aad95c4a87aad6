#!/bin/sh
# Stock clients of the Open Inference Protocol (KServe's, MLServer's) against every server, on loopback.
# Each is installed in an environment of its own, once: together about 800 MB.
set -eu
cd "$(dirname "$0")/.."
for client in kserve mlserver; do
    if [ ! -e .tools/$client/.installed ] || [ requirements/$client.lock -nt .tools/$client/.installed ]; then
        rm -rf .tools/$client
        .venv/bin/python -m venv .tools/$client
        .tools/$client/bin/python -m pip install -q --disable-pip-version-check -r requirements/$client.lock
        touch .tools/$client/.installed
    fi
done
exec .venv/bin/python -m pytest -v -n0 tests/http/other_v2_clients.py "$@"
