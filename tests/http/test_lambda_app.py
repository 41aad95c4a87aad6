"""The FastAPI application and the Mangum handler: what is theirs alone."""

from __future__ import annotations

import base64
import gzip
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bundles import VISITS_ROWS
from isoship_lambda.app import create_app

BODY = json.dumps({"rows": VISITS_ROWS[:1]})


@pytest.fixture(scope="module")
def handler(visits: Path) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISOSHIP_BUNDLE", str(visits))
        sys.modules.pop("isoship_lambda.handler", None)
        yield importlib.import_module("isoship_lambda.handler").handler


def event(method: str, path: str, body: str | None = None, *, encoded: bool = False, **headers: str) -> dict[str, Any]:
    """An API Gateway HTTP API event, payload format 2.0 (function URLs send the same)."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "example.test", **headers},
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": encoded,
    }


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("encoded", [False, True])
def test_an_event_with_a_plain_or_base64_body(encoded: bool, handler: Any) -> None:
    body = base64.b64encode(BODY.encode()).decode() if encoded else BODY
    answer = handler(event("POST", "/predict", body, encoded=encoded, **JSON), None)
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False)
    assert json.loads(answer["body"])["predictions"][0]["label"] == "middle"


def test_problem_documents_travel_as_text(handler: Any) -> None:
    answer = handler(event("POST", "/predict", '{"rows": [NaN]}', **JSON), None)
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (422, False)
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert "NaN" in json.loads(answer["body"])["detail"]


def test_lambda_keeps_no_counters(handler: Any) -> None:
    assert handler(event("GET", "/metrics"), None)["statusCode"] == 404


def test_an_event_without_a_body(handler: Any) -> None:
    answer = handler(event("POST", "/predict", None, **JSON), None)
    assert answer["statusCode"] == 422
    assert "empty" in json.loads(answer["body"])["detail"]


def client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


def ask(app: FastAPI, method: str, path: str, **options: Any) -> httpx.Response:
    import asyncio

    async def once() -> httpx.Response:
        async with client(app) as c:
            return await c.request(method, path, **options)

    loop = asyncio.new_event_loop()  # asyncio.run would take away the loop that Mangum holds
    try:
        return loop.run_until_complete(once())
    finally:
        loop.close()


@pytest.fixture(scope="module")
def with_ui(visits: Path, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    web = tmp_path_factory.mktemp("web")
    (web / "index.html").write_text("<!doctype html><title>page</title>")
    (web / "model.json").write_text("{}")
    return create_app(visits, ui=web)


def test_the_web_bundle_lies_at_ui(with_ui: FastAPI) -> None:
    assert "<title>page" in ask(with_ui, "GET", "/ui/").text
    assert ask(with_ui, "GET", "/ui/model.json").headers["content-type"] == "application/json"
    assert ask(with_ui, "GET", "/ui").headers["location"].endswith("ui/")
    missing = ask(with_ui, "GET", "/ui/none.js")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
    assert ask(with_ui, "POST", "/predict", content=BODY, headers=JSON).status_code == 200
    assert ask(with_ui, "GET", "/nothing").json()["status"] == 404


def test_without_a_web_bundle_there_is_no_ui(visits: Path) -> None:
    assert ask(create_app(visits), "GET", "/ui/").status_code == 404


def test_the_application_can_be_extended_with_routes_of_ones_own(visits: Path) -> None:
    app = create_app(visits)

    @app.get("/whoami")
    def whoami() -> dict[str, str]:
        return {"name": "me"}

    assert ask(app, "GET", "/whoami").json() == {"name": "me"}
    assert ask(app, "GET", "/elsewhere").json()["status"] == 404


def test_it_works_behind_a_path_prefix(visits: Path) -> None:
    outer = FastAPI()
    outer.mount("/models/visits", create_app(visits))
    assert ask(outer, "POST", "/models/visits/predict", content=BODY, headers=JSON).status_code == 200
    assert ask(outer, "GET", "/models/visits/docs").status_code == 200
    assert ask(outer, "GET", "/models/visits/").json()["name"] == "visits"


def test_the_documentation_has_no_inline_script_and_names_no_other_host(visits: Path) -> None:
    page = ask(create_app(visits), "GET", "/docs")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "<script>" not in page.text
    assert "http:" not in page.text.replace("http-equiv", "")
    assert "https:" not in page.text


def test_documentation_files_are_served_compressed_or_plain_as_asked(
    visits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in [("swagger-ui-bundle.js", b"let a = 1;"), ("swagger-ui.css", b"a {}")]:
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text))
    monkeypatch.setattr("isoship_edge.http.pages._FOLDER", tmp_path)
    app = create_app(visits)
    assert 'src="docs/swagger-ui-bundle.js"' in ask(app, "GET", "/docs").text
    packed = ask(app, "GET", "/docs/swagger-ui-bundle.js")
    assert (packed.headers["content-encoding"], packed.text) == ("gzip", "let a = 1;")
    plain = ask(app, "GET", "/docs/swagger-ui.css", headers={"accept-encoding": "identity"})
    assert (plain.headers.get("content-encoding"), plain.content) == (None, b"a {}")
    assert plain.headers["content-type"] == "text/css; charset=utf-8"
    assert ask(app, "GET", "/docs/swagger-ui.js").status_code == 404


def test_documentation_files_reach_an_event_as_base64(
    handler: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "swagger-ui.css.gz").write_bytes(gzip.compress(b"a {}"))
    monkeypatch.setattr("isoship_edge.http.pages._FOLDER", tmp_path)
    answer = handler(event("GET", "/docs/swagger-ui.css", **{"accept-encoding": "gzip"}), None)
    assert answer["isBase64Encoded"] is True
    assert gzip.decompress(base64.b64decode(answer["body"])) == b"a {}"
