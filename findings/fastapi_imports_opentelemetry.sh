#!/usr/bin/env bash
# FastAPI: its import loads OpenTelemetry, and an application whose telemetry is switched off has paid for it already.
#
# Expected: observability that nobody configured, and that FastAPI(telemetry=...) switches off, is imported when it is
# first used; a process that never traces does not load a tracing library.
# Seen: fastapi 0.165.0 imports the API package at module level. It stands in sys.modules before an application exists,
# and stays there with tracing, metrics and logs all off.
# It hurts where start-up is paid for by the request: functions that are started on demand.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q fastapi==0.165.0 opentelemetry-api==1.45.2 2>"$folder/log"; } ||
    { cat "$folder/log"; exit 2; }
"$folder/env/bin/python" - <<'PY'
import sys


def loaded() -> int:
    return sum(name.split(".")[0] == "opentelemetry" for name in sys.modules)


before = loaded()
import fastapi

imported = loaded()
fastapi.FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})
print(f"fastapi {fastapi.__version__}: opentelemetry modules before its import {before}, after it {imported}")
print(f"with an application whose telemetry is off: {loaded()}")
as_described = before == 0 and imported > 10
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
