"""The HTTP contract, once: bytes in, status, headers and bytes out. Lambda, `isoship serve` and the edge are skins.

    GET  /                    model card (JSON, or a small page when a browser asks)
    POST /predict             {"rows": [...]} -> {"model", "version", "predictions"}
                              of a bundle of tensors {"inputs": {...}} -> {"model", "version", "outputs"}
    GET  /docs, /openapi.json
    GET  /metrics             servers only
    *    /v2/...              Open Inference Protocol (`isoship_edge.v2.protocol`)

Bodies may be compressed (`isoship_edge.http.body`). Limits: ISOSHIP_MAX_BODY bytes as sent and unpacked (6 MiB),
ISOSHIP_MAX_ROWS (10,000). Nothing here imports a web framework.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from isoship_edge.encoding.encode import predictions
from isoship_edge.encoding.words import got, listed, quoted
from isoship_edge.errors import InferenceError, InputError
from isoship_edge.http.body import check_count, check_media, content_of, parsed
from isoship_edge.http.response import JSON, Refusal, Response, answer, problem, refused, v2_error
from isoship_edge.lean_namedtuple import NamedTuple

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any, Protocol

    from isoship_edge.http.metrics import Metrics
    from isoship_edge.inference.model import AnyModel
    from isoship_edge.inference.tensor import Tensor

    class Watch(Protocol):
        """Sees every batch that was answered: how many rows or items, and the outputs by name; every refusal and every
        fault.
        """

        def __call__(self, count: int, tensors: Mapping[str, Tensor]) -> None: ...

        def refused(self, refusal: Refusal) -> None: ...

        def failed(self, err: Exception) -> None: ...


_JSON = (("content-type", JSON),)

GET = ("GET", "HEAD", "OPTIONS")
POST = ("POST", "OPTIONS")

#: Paths with a fixed meaning, and the methods each answers.
ROUTES = {"/": GET, "/predict": POST, "/openapi.json": GET, "/docs": GET, "/metrics": GET, "/v2": GET}


class Limits:
    """Read once from the environment when a skin starts."""

    def __init__(self) -> None:
        self.body = _number("ISOSHIP_MAX_BODY", 6 * 1024 * 1024)
        self.rows = _number("ISOSHIP_MAX_ROWS", 10_000)


class Request(NamedTuple):
    """path: decoded, without query string and trailing slash. headers: names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    limits: Limits
    metrics: Metrics | None
    watch: Watch | None


def handle(
    model: AnyModel,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    limits: Limits | None = None,
    metrics: Metrics | None = None,
    watch: Watch | None = None,
    lowered: bool = False,
) -> Response:
    """Answers one request. Input never raises and is never a 500.

    path: as sent, a query string is ignored. headers: names in any case; `lowered` where they are in lower case.
    metrics: where a server counts; without it /metrics does not exist. watch: is told of each batch answered.
    """
    path = path.partition("?")[0]
    if "%" in path:
        from urllib.parse import unquote

        path = unquote(path)
    if len(path) > 1 and path != "/docs/":
        path = path.rstrip("/") or "/"
    if not lowered:
        headers = {name.lower(): value for name, value in headers.items()}
    request = Request(method, path, headers, body, limits or Limits(), metrics, watch)
    if metrics is None:
        return _answered(model, request)
    with metrics.request(path) as seen:
        response = _answered(model, request)
        seen.status = response.status
        return response


def refusal_of(path: str, refusal: Refusal) -> Response:
    """A refusal in the form of its path: the Open Inference Protocol's error under /v2, else a problem document."""
    return v2_error(refusal) if path == "/v2" or path.startswith("/v2/") else problem(refusal)


def failed(err: Exception, watch: Watch | None) -> None:
    """A fault of ours, for the log."""
    if watch is not None:
        watch.failed(err)
        return
    from isoship_edge.http.faults import report

    report(err)


def _refuse(request: Request, refusal: Refusal) -> Response:
    if request.watch is not None:
        request.watch.refused(refusal)
    return refusal_of(request.path, refusal)


def _answered(model: AnyModel, request: Request) -> Response:
    try:
        response = _route(model, request)
    except Refusal as refusal:
        response = _refuse(request, refusal)
    except InputError as err:
        response = _refuse(request, refused(err))
    except InferenceError as err:
        failed(err, request.watch)
        response = refusal_of(request.path, Refusal(500, "the model failed on this input; the server's log says where"))
    return response._replace(body=b"") if request.method == "HEAD" else response


def _route(model: AnyModel, request: Request) -> Response:
    method, path, metrics = request.method, request.path, request.metrics
    if path == "/predict":
        allow(method, POST)
        if method == "OPTIONS":
            return _options(POST)
        return _predicted(model, request)
    if path == "/v2" or path.startswith("/v2/"):
        from isoship_edge.v2 import protocol as v2

        allowed = v2.methods(model, path)
        allow(method, allowed)
        if method == "OPTIONS":
            return _options(allowed)
        return v2.infer(model, request) if method == "POST" else v2.describe(model, path)
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
    from isoship_edge.http import pages

    if path == "/":
        return pages.card(model, request.headers.get("accept", ""))
    if path == "/openapi.json":
        from isoship_edge.http.openapi import openapi

        return answer(openapi(model.manifest, metrics=metrics is not None))
    return pages.docs(model, path.removeprefix("/docs").lstrip("/"), request.headers.get("accept-encoding", ""))


def _predicted(model: AnyModel, request: Request) -> Response:
    if model.takes == "tensors":
        from isoship_edge.tensors.predict import predicted

        return predicted(model, request)
    check_media(request.headers)
    document = parsed(content_of(request.headers, request.body, request.limits))
    rows = read_rows(document, request.limits)
    if request.metrics is not None:
        request.metrics.rows(len(rows))
    tensors = model.tensors_from_json(rows)
    if request.watch is not None:
        request.watch(len(rows), tensors)
    if len(rows) == 1:
        content = model.write_row(tensors)
        if content is not None:
            return Response(200, _JSON, content)
    made = predictions(model.manifest.outputs, tensors)
    return answer({"model": model.manifest.name, "version": model.manifest.version, "predictions": made})


def allow(method: str, methods: tuple[str, ...]) -> None:
    """Raises: Refusal 405, with the Allow header."""
    if method not in methods:
        allowed = ", ".join(methods)
        raise Refusal(405, f"{quoted(method)} is not answered here; use {allowed}", (("allow", allowed),))


def _options(methods: tuple[str, ...]) -> Response:
    return Response(204, (("allow", ", ".join(methods)),), b"")


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


def _number(name: str, default: int) -> int:
    try:
        return int(os.environ.get(name, default))
    except ValueError:
        return default
