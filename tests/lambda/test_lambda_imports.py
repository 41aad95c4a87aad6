"""What a cold start imports, and that whatever travels can be imported: the list that time goes by."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from lambda_directory import Built, Here

from isoship.parity.runners.lambda_process import function_environment

#: Beside isoship's own: what `awslambdaric` has not imported already, and a first answer needs. Each is paid for in
#: every cold start, so one that comes is a decision: measure it with `make bench-lambda`.
STANDARD = {"_ctypes", "_sha2", "_struct", "array", "binascii", "ctypes", "ctypes._endian", "gc", "struct"}
#: The costly ones, named for whoever reads the failure: milliseconds of 57 (docs/lambda.md).
COSTLY = {
    "typing": 3,
    "pathlib": 3,
    "hashlib": 3,
    "dataclasses": 4,
    "inspect": 4,
    "email": 6,
    "asyncio": 20,
    "numpy": 60,
}

_FIRST_ANSWER = """
import sys
import awslambdaric.__main__, awslambdaric.bootstrap
before = set(sys.modules)
import json
from isoship_lambda.handler import handler
answer = handler(json.load(sys.stdin), None)
assert answer["statusCode"] == 200, answer
print()
print(json.dumps(sorted(set(sys.modules) - before)))
"""
_EVERY_MODULE = """
import importlib, json, pathlib, sys
failed = {}
for path in sorted(pathlib.Path(".").rglob("*.py")):
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    if not name.endswith("__main__"):
        try:
            importlib.import_module(name)
        except Exception as err:
            failed[name] = f"{type(err).__name__}: {err}"
print()
print(json.dumps(failed))
"""


def run(here: Here, program: str, text: str = "", *arguments: str) -> Any:
    """The JSON on a program's last line, run as Lambda would run it."""
    ran = subprocess.run(
        [here.interpreter, "-S", "-c", program, *arguments],
        input=text, text=True, capture_output=True, timeout=120, check=False,
        cwd=here.folder, env=function_environment(here.folder, here.client, "127.0.0.1:1"),
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", ["http_api_predict", "function_url_predict_base64"])
def test_a_first_answer_imports_this_and_no_more(here: Here, event: Callable[[str], dict[str, Any]], name: str) -> None:
    imported = set(run(here, _FIRST_ANSWER, json.dumps(event(name))))
    own = {module for module in imported if module.split(".")[0] in ("isoship_edge", "isoship_lambda")}
    costly = {module: f"about {COSTLY[module]} ms of 57" for module in imported & COSTLY.keys()}
    assert costly == {}
    assert imported - own <= STANDARD
    assert {"isoship_edge.inference.c_api", "isoship_lambda.direct"} <= own
    assert own.isdisjoint(
        {"isoship_lambda.app", "isoship_edge.http.openapi", "isoship_edge.inference.binding", "isoship_edge.http.pages"}
    )


def test_every_module_that_travels_can_be_imported(here: Here) -> None:
    """What was left out (isoship/bundle/wheels/left_out.py) is not needed by what was not."""
    assert run(here, _EVERY_MODULE) == {}


def test_lambda_zip_stays_small_beside_the_model(built: Built) -> None:
    """Issue 5: 16 MB (a million bytes each). ONNX Runtime is 11.1 of them, pydantic's core 2.1."""
    model = sum((built.root / name).stat().st_size for name in ("model.onnx", "manifest.json", "golden.json"))
    assert built.build.zip.stat().st_size - model < 16 * 10**6


def test_fastapi_is_imported_lean_and_pydantic_stays_as_it_was(here: Here) -> None:
    """OpenAPI's models are records, which our own document has no use for; models made afterwards are pydantic's."""
    program = """
import json, sys
from isoship_lambda.lean_import import import_fastapi
import_fastapi()
absent = [name for name in ("importlib.metadata", "zipfile") if name in sys.modules]
from pydantic import BaseModel, ValidationError, networks
from fastapi.openapi.models import Contact, OAuthFlows
class Row(BaseModel):
    x: int
    name: str = "a"
try:
    Row(x="none")
except ValidationError as err:
    refused = err.error_count()
taken = networks.version("opentelemetry_api")
import importlib.metadata
print(json.dumps([
    absent, Row.__pydantic_complete__, Row(x="1").model_dump(), refused, BaseModel.model_config,
    taken == importlib.metadata.version("opentelemetry_api"),
    Contact(name="b").name, OAuthFlows().password, isinstance(OAuthFlows(), BaseModel),
]))
"""
    assert run(here, program) == [[], True, {"x": 1, "name": "a"}, 1, {}, True, "b", None, True]


_TRACED = """
import json, os, sys
os.environ["ISOSHIP_DIRECT"] = "0"
asked = []
if "instrumented" in sys.argv:
    from opentelemetry import trace
    class Provider(trace.TracerProvider):
        def get_tracer(self, name, *given, **options):
            asked.append(name)
            return trace.NoOpTracer()
    trace.set_tracer_provider(Provider())
from isoship_lambda.handler import handler
assert handler(json.load(sys.stdin), None)["statusCode"] == 200
print()
print(json.dumps([asked, sorted(name for name in sys.modules if name.split(".")[0] == "opentelemetry")]))
"""


def test_opentelemetry_is_imported_where_something_has_configured_it(
    here: Here, event: Callable[[str], dict[str, Any]]
) -> None:
    """Else FastAPI's telemetry has nobody to tell, and importing it would be 8 of 212 ms."""
    text = json.dumps(event("http_api_predict"))
    assert run(here, _TRACED, text) == [[], []]
    asked, imported = run(here, _TRACED, text, "instrumented")
    assert asked == ["fastapi"]
    assert "opentelemetry.context" in imported
