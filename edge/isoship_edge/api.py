"""The HTTP contract, once: bytes in, status, headers and bytes out. Lambda, `isoship serve` and the edge are skins.

    GET  /                    model card (JSON, or a small page when a browser asks)
    POST /predict             {"rows": [...]} -> {"model", "version", "predictions"}
    GET  /docs, /openapi.json
    GET  /metrics             servers only
    *    /v2/...              Open Inference Protocol (`isoship_edge.v2`)

Limits: ISOSHIP_MAX_BODY bytes (6 MiB), ISOSHIP_MAX_ROWS (10,000). Nothing here imports a web framework.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from isoship_edge.encode import predictions
from isoship_edge.errors import InferenceError, InputError
from isoship_edge.response import Refusal, Response, answer, problem, refused, v2_error
from isoship_edge.words import got, listed, quoted

if TYPE_CHECKING:
    from isoship_edge.metrics import Metrics
    from isoship_edge.model import Model

GET = ("GET", "HEAD", "OPTIONS")
POST = ("POST", "OPTIONS")

#: Paths with a fixed meaning, and the methods each answers.
ROUTES = {"/": GET, "/predict": POST, "/openapi.json": GET, "/docs": GET, "/metrics": GET, "/v2": GET}


class Limits:
    """Read once from the environment when a skin starts."""

    def __init__(self) -> None:
        self.body = _number("ISOSHIP_MAX_BODY", 6 * 1024 * 1024)
        self.rows = _number("ISOSHIP_MAX_ROWS", 10_000)


def handle(
    model: Model,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    limits: Limits | None = None,
    metrics: Metrics | None = None,
) -> Response:
    """Answers one request. Input never raises and is never a 500.

    path: as sent, a query string is ignored. headers: names in any case.
    metrics: where a server counts; without it /metrics does not exist.
    """
    path = path.partition("?")[0]
    if "%" in path:
        from urllib.parse import unquote

        path = unquote(path)
    if len(path) > 1 and path != "/docs/":
        path = path.rstrip("/") or "/"
    lower = {name.lower(): value for name, value in headers.items()}
    limits = limits or Limits()
    if metrics is None:
        return _answered(model, method, path, lower, body, limits, None)
    with metrics.request(path) as seen:
        response = _answered(model, method, path, lower, body, limits, metrics)
        seen.status = response.status
        return response


def _answered(
    model: Model,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    limits: Limits,
    metrics: Metrics | None,
) -> Response:
    error = v2_error if path == "/v2" or path.startswith("/v2/") else problem
    try:
        response = _route(model, method, path, headers, body, limits, metrics)
    except Refusal as refusal:
        response = error(refusal)
    except InputError as err:
        response = error(refused(err))
    except InferenceError as err:
        print(f"isoship: {method} {path}: {err}", file=sys.stderr)  # noqa: T201 - a server's log is its stderr
        response = error(Refusal(500, "the model failed on this input; the server's log says how"))
    return response._replace(body=b"") if method == "HEAD" else response


def _route(
    model: Model,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    limits: Limits,
    metrics: Metrics | None,
) -> Response:
    if path == "/predict":
        allow(method, POST)
        if method == "OPTIONS":
            return _options(POST)
        rows = read_rows(parsed(headers, body, limits), limits)
        if metrics is not None:
            metrics.rows(len(rows))
        made = predictions(model.manifest.outputs, model.tensors_from_json(rows))
        return answer({"model": model.manifest.name, "version": model.manifest.version, "predictions": made})
    if path == "/v2" or path.startswith("/v2/"):
        from isoship_edge import v2

        allowed = v2.methods(model, path)
        allow(method, allowed)
        if method == "OPTIONS":
            return _options(allowed)
        if method != "POST":
            return v2.describe(model, path)
        return v2.infer(model, parsed(headers, body, limits), limits, metrics)
    known = path in ROUTES or path.startswith("/docs/")
    if not known or (path == "/metrics" and metrics is None):
        raise Refusal(404, f"there is nothing at {quoted(path)}; see /docs")
    allow(method, GET)
    if method == "OPTIONS":
        return _options(GET)
    if path == "/metrics" and metrics is not None:
        return metrics.response(model)
    if path == "/docs/":
        return Response(308, (("location", "../docs"),), b"")  # its relative links need the path without the slash
    from isoship_edge import pages

    if path == "/":
        return pages.card(model, headers.get("accept", ""))
    if path == "/openapi.json":
        from isoship_edge.openapi import openapi

        return answer(openapi(model.manifest, metrics=metrics is not None))
    return pages.docs(model, path.removeprefix("/docs").lstrip("/"), headers.get("accept-encoding", ""))


def allow(method: str, methods: tuple[str, ...]) -> None:
    """Raises: Refusal 405, with the Allow header."""
    if method not in methods:
        allowed = ", ".join(methods)
        raise Refusal(405, f"{quoted(method)} is not answered here; use {allowed}", (("allow", allowed),))


def _options(methods: tuple[str, ...]) -> Response:
    return Response(204, (("allow", ", ".join(methods)),), b"")


def parsed(headers: Mapping[str, str], body: bytes, limits: Limits) -> Any:
    """The request's JSON document: UTF-8, no NaN or Infinity, no key twice in one object.

    Raises:
        Refusal: 413, 415, 422.
    """
    if len(body) > limits.body:
        raise too_large(limits)
    media, _, parameters = headers.get("content-type", "application/json").partition(";")
    media, charset = media.strip().lower(), parameters.lower().replace(" ", "").replace('"', "")
    if media != "application/json" or (
        charset.startswith("charset=") and charset not in ("charset=utf-8", "charset=utf8")
    ):
        seen = headers.get("content-type", "")
        raise Refusal(415, f"expected Content-Type application/json in UTF-8, got {quoted(seen)}")
    if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        seen = headers["content-encoding"]
        raise Refusal(
            415, f"expected a body without Content-Encoding, got {quoted(seen)}", (("accept-encoding", "identity"),)
        )
    if not body.strip():
        raise Refusal(422, "the body is empty; expected a JSON object")
    try:
        return json.loads(body.decode(), parse_constant=_no_constant, object_pairs_hook=_once)
    except UnicodeDecodeError as err:
        raise Refusal(422, f"the body is not UTF-8 (byte {err.start})") from err
    except RecursionError as err:
        raise Refusal(422, "the body is nested too deeply") from err
    except json.JSONDecodeError as err:
        raise Refusal(422, f"the body is not JSON: {err}") from err
    except ValueError as err:
        # Python refuses to read integers of more than 4,300 digits; the message speaks of its own settings.
        raise Refusal(422, "the body holds a number with thousands of digits") from err


def too_large(limits: Limits) -> Refusal:
    """For skins too, which refuse by Content-Length before they read."""
    return Refusal(413, f"the body is larger than {limits.body} bytes (ISOSHIP_MAX_BODY); send fewer rows a request")


def read_rows(document: Any, limits: Limits) -> list[Any]:
    """The rows of a /predict document, not yet looked into.

    Raises:
        Refusal: 413, 422.
    """
    if not isinstance(document, dict):
        raise Refusal(422, f'expected an object {{"rows": [...]}}, got {got(document)}')
    if "rows" not in document:
        raise Refusal(422, f'expected the key "rows", got an object with the keys {listed(document)}')
    if len(document) > 1:
        unknown = listed(name for name in document if name != "rows")
        raise Refusal(422, f'expected the key "rows" and no other, got {unknown} too')
    rows = document["rows"]
    if not isinstance(rows, list):
        raise Refusal(422, f"rows: expected an array, got {got(rows)}", seen=got(rows), expected="an array")
    check_count(len(rows), limits)
    return rows


def check_count(count: int, limits: Limits) -> None:
    """Raises: Refusal 413."""
    if count > limits.rows:
        raise Refusal(413, f"{count} rows are more than {limits.rows} (ISOSHIP_MAX_ROWS); send fewer rows a request")


def _no_constant(name: str) -> NoReturn:
    raise Refusal(422, f"the body is not JSON: {name} is no JSON number; null means missing")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refusal(422, f"the key {quoted(twice)} stands twice in one object")
    return made


def _number(name: str, default: int) -> int:
    try:
        return int(os.environ.get(name, default))
    except ValueError:
        return default
