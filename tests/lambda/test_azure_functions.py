"""examples/azure: the contract through Azure Functions' own ASGI adapter, laid out as it is deployed."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from installed import copy_installed
from lambda_directory import Built, Here

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "http"))

from binary_cases import BINARY
from contract_cases import CASES as PLAIN
from contract_cases import as_bytes

from isoship_edge.http.api import handle
from isoship_edge.http.metrics import Metrics
from isoship_edge.inference.model import load

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "azure"
CASES = [*PLAIN, *BINARY]
LIMITS = {"ISOSHIP_MAX_ROWS": "100", "ISOSHIP_MAX_BODY": "600000"}
#: Azure's worker brings the adapter; function_app.py and lambda/ bring all else.
ADAPTER = ("azure-functions", "werkzeug", "markupsafe")
PROGRAM = """
import asyncio, base64, json, sys
import azure.functions as func
import function_app  # lambda/ is on the path from here on
import fastapi

(function,) = function_app.app.get_functions()
call = function.get_user_function()

async def answered(method, path, headers, body):
    request = func.HttpRequest(
        method=method, url="https://visits.azurewebsites.net" + path, headers=headers, body=base64.b64decode(body)
    )
    response = await call(request, None)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return response.status_code, headers, base64.b64encode(response.get_body()).decode()

async def every(requests):
    return [await answered(*request) for request in requests]

told = {"fastapi": fastapi.__file__, "function": json.loads(function.get_function_json())}
print(json.dumps({**told, "answers": asyncio.run(every(json.load(sys.stdin)))}))
"""


@pytest.fixture(scope="module")
def told(here: Here, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What every case of the table is answered with, under the Python that lambda/ is for and with nothing of ours."""
    root = tmp_path_factory.mktemp("azure")
    app, worker = root / "wwwroot", copy_installed(ADAPTER, root / "worker")
    shutil.copytree(EXAMPLE, app)
    (app / "lambda").symlink_to(here.folder)
    requests = [
        (case.method, case.path, dict(case.headers), base64.b64encode(as_bytes(case.body)).decode()) for case in CASES
    ]
    ran = subprocess.run(
        [here.interpreter, "-S", "-c", PROGRAM], cwd=app, input=json.dumps(requests), capture_output=True, text=True,
        timeout=120, check=False, env={**LIMITS, "PYTHONPATH": f"{app}:{worker}", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    document: dict[str, Any] = json.loads(ran.stdout)
    assert document["fastapi"] == str(here.folder / "fastapi" / "__init__.py")
    return document


def test_the_adapter_answers_as_the_contract_does(
    told: dict[str, Any], built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in LIMITS.items():
        monkeypatch.setenv(name, value)
    model, differs = load(built.root), []
    for case, (status, headers, body) in zip(CASES, told["answers"], strict=True):
        if case.path == "/":
            continue  # the card names the library that answers
        want = handle(model, case.method, case.path, case.headers, as_bytes(case.body), metrics=Metrics())
        seen = (status, {name: headers.get(name) for name, _ in want.headers}, base64.b64decode(body))
        if seen != (want.status, dict(want.headers), want.body):
            differs.append((case.name, seen))
    assert differs == []
    assert sum(status == 200 for status, _, _ in told["answers"]) > 30


def test_it_takes_every_path_and_asks_for_a_key(told: dict[str, Any]) -> None:
    (trigger,) = [b for b in told["function"]["bindings"] if b["type"] == "httpTrigger"]
    assert trigger["authLevel"] in ("FUNCTION", "function")
    assert {"GET", "POST", "HEAD", "OPTIONS"} <= {method.upper() for method in trigger["methods"]}
    prefix = json.loads((EXAMPLE / "host.json").read_text(encoding="utf-8"))["extensions"]["http"]["routePrefix"]
    assert (prefix, trigger["route"].lstrip("/")) == ("", "{*route}")
    pinned = (EXAMPLE / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert pinned[0] == f'azure-functions=={version("azure-functions")}; python_version < "3.13"'
