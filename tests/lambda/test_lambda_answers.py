"""lambda.zip under the real awslambdaric: `-S`, a clean environment, a folder that nothing writes to."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lambda_directory import Built, Here

from bundles import visits_reference
from isoship.parity.runners.lambda_events import response_of
from isoship.parity.runners.lambda_process import LambdaFunction, function_environment

Event = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def unzipped(built: Built, here: Here, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Lambda unpacks: the zip's files, with its dates. The rebuilt folder where the zip's Python is not here."""
    if here.folder != built.build.folder:
        return here.folder
    folder = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(built.build.zip) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def function(here: Here, unzipped: Path) -> Iterator[LambdaFunction]:
    started = LambdaFunction(here.interpreter, unzipped, here.client)
    yield started
    started.close()


def expected(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The formula's answers to the event's rows, as HTTP's predictions."""
    body = base64.b64decode(event["body"]) if event["isBase64Encoded"] else event["body"]
    truth = visits_reference(json.loads(body)["rows"])
    return [
        {"label": label, "probabilities": dict(zip(("low", "middle", "high"), map(float, row), strict=True))}
        for label, row in zip(truth["label"], truth["probabilities"], strict=True)
    ]


@pytest.mark.parametrize(
    "name",
    ["http_api_predict", "http_api_predict_base64", "function_url_predict", "function_url_predict_base64"],
)
def test_predictions_are_the_models(function: LambdaFunction, event: Event, name: str) -> None:
    sent = event(name)
    answer = function.invoke(sent)
    status, body = response_of(answer)
    assert status == 200
    assert answer["headers"]["content-type"] == "application/json"
    assert not answer["isBase64Encoded"]
    document = json.loads(body)
    assert (document["model"], document["version"]) == ("visits", "1.2.3")
    for got, want in zip(document["predictions"], expected(sent), strict=True):
        assert got["label"] == want["label"]
        assert list(got["probabilities"]) == list(want["probabilities"])
        np.testing.assert_allclose(
            list(got["probabilities"].values()), list(want["probabilities"].values()), rtol=1e-12, atol=1e-12
        )


@pytest.mark.parametrize(
    ("name", "status", "media"),
    [
        ("http_api_card", 200, "application/json"),
        ("function_url_card", 200, "application/json"),
        ("http_api_openapi", 200, "application/json"),
        ("http_api_ready", 200, "application/json"),
        ("http_api_unknown_path", 404, "application/problem+json"),
        ("http_api_wrong_method", 405, "application/problem+json"),
        ("http_api_form", 415, "application/problem+json"),
        ("http_api_invalid_json", 422, "application/problem+json"),
        ("http_api_missing_column", 422, "application/problem+json"),
    ],
)
def test_everything_else_is_answered_in_the_contracts_form(
    function: LambdaFunction, event: Event, name: str, status: int, media: str
) -> None:
    answer = function.invoke(event(name))
    seen, body = response_of(answer)
    assert (seen, answer["headers"]["content-type"].split(";")[0]) == (status, media)
    assert not answer["isBase64Encoded"], "text goes as text"
    document = json.loads(body)
    if status == 422:
        assert document["status"] == 422
    if name == "http_api_missing_column":
        assert "plan" in document["detail"]


def test_docs_need_nothing_that_does_not_travel(function: LambdaFunction, event: Event) -> None:
    status, body = response_of(function.invoke(event("http_api_docs")))
    assert status == 200, body[:300]
    assert b"<html" in body.lower()


def test_nothing_is_written_beside_the_function(function: LambdaFunction, event: Event, unzipped: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in unzipped.rglob("*")}
    assert function.invoke(event("http_api_predict"))["statusCode"] == 200
    assert {p: p.stat().st_mtime_ns for p in unzipped.rglob("*")} == before


def test_only_the_folder_the_client_and_the_standard_library_are_on_the_path(here: Here, unzipped: Path) -> None:
    """What the tests above rely on: these flags and this environment leave no other place to import from."""
    ran = subprocess.run(
        [here.interpreter, "-S", "-c", "import sys, json; print(json.dumps(sys.path))"],
        cwd=unzipped, env=function_environment(unzipped, here.client, "127.0.0.1:1"),
        capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    places = [place for place in json.loads(ran.stdout) if place not in ("", str(unzipped), str(here.client))]
    assert places
    assert not [place for place in places if "packages" in place or os.fspath(Path(__file__).parents[2]) in place]
