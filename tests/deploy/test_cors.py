"""A page on another origin, in Chromium, does all that docs/lambda.md offers it, under the template's CORS settings."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cors_front import Front, serving
from deployed_functions import Functions
from resolved_template import Resolved, resolve
from test_template import ROOT, translated

from bundles import VISITS_ROWS

HERE = Path(__file__).parent
ROW = VISITS_ROWS[0]
TYPES = {"age": "FP64", "income": "FP64", "visits": "INT64", "member": "BOOL", "city": "BYTES", "plan": "BYTES"}
INPUTS = [{"name": n, "shape": [1, 1], "datatype": TYPES[n], "data": [value]} for n, value in ROW.items()]


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    [made], _ = translated(ROOT / "template.yaml", [{}])
    return made  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def origins() -> Iterator[tuple[str, str]]:
    """Two pages' origins; only the first one is named in the stack's parameters."""
    with serving(None) as one, serving(None) as other:
        yield one, other


def front_of(made: Resolved, kind: str, functions: Functions) -> Front:
    function = functions.start(AWS_LAMBDA_LOG_FORMAT="JSON")
    if kind == "function URL":
        return Front(function.invoke, made.resources["Url"]["Properties"]["Cors"], {})
    routes = [r["Properties"] for r in made.resources.values() if r["Type"] == "AWS::ApiGatewayV2::Route"]
    authorization = {route["RouteKey"]: route["AuthorizationType"] for route in routes}
    return Front(function.invoke, made.resources["HttpApi"]["Properties"]["CorsConfiguration"], authorization)


@pytest.mark.parametrize("kind", ["HTTP API", "function URL"])
def test_a_page_on_another_origin_does_all_that_is_offered(
    kind: str, template: dict[str, Any], functions: Functions, origins: tuple[str, str]
) -> None:
    mine, other = origins
    assert re.fullmatch(template["Parameters"]["CorsOrigins"]["AllowedPattern"], mine)
    made = resolve(template, {"Canary": "Canary10Percent5Minutes", "FunctionUrl": "yes", "CorsOrigins": mine})
    front = front_of(made, kind, functions)
    with serving(front) as api:
        job = {"pages": [mine, other], "api": api, "rows": [ROW], "inputs": INPUTS}
        ran = subprocess.run(
            ["node", str(HERE / "cors.mjs"), str(ROOT / "web" / "package.json")],
            input=json.dumps(job), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    seen, elsewhere = json.loads(ran.stdout)
    assert {name: told.get("status") for name, told in seen.items()} == {
        "json": 200, "gzip": 200, "refused": 422, "v2": 200, "binary": 200, "card": 200, "ready": 200,
    }, seen  # fmt: skip
    assert all(re.fullmatch(r"[0-9a-f-]{36}", told["id"]) for told in seen.values())
    assert seen["gzip"]["body"] == seen["json"]["body"]
    assert [output["name"] for output in seen["v2"]["body"]["outputs"]] == ["label", "probabilities"]
    [output] = seen["binary"]["body"]["outputs"]
    assert output["parameters"]["binary_data_size"] == 24
    assert int(seen["binary"]["length"]) + 24 == seen["binary"]["bytes"]
    assert seen["card"]["body"]["name"] == "visits"
    assert seen["refused"]["body"]["status"] == 422
    assert {"/", "/predict", "/v2/models/visits/infer"} <= set(front.preflights)
    assert all(told == {"error": "TypeError"} for told in elsewhere.values()), elsewhere
