"""The FastAPI application: a skin over `isoship_edge.http.api`, on Lambda behind Mangum and on a server under uvicorn.

Requests are validated, answered and refused by `isoship_edge.http.api` alone, and `/openapi.json` is its document too:
pydantic models of the same columns would be a second contract that could drift from the first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from isoship_edge.http.api import ROUTES, Limits, handle, refusal_of
from isoship_edge.http.body import too_large
from isoship_edge.http.fields import joined
from isoship_edge.http.metrics import Metrics
from isoship_edge.http.openapi import openapi
from isoship_edge.http.response import Refusal, Response, problem
from isoship_edge.inference.model import load
from isoship_lambda.direct import fault

if TYPE_CHECKING:
    from isoship_edge.http.api import Watch
    from isoship_edge.inference.model import AnyModel

#: How many times the limit a refused body may be and still be read to its end before the answer.
DRAINED = 10


def create_app(
    bundle: str | Path | AnyModel,
    *,
    ui: str | Path | None = None,
    metrics: bool = True,
    threads: bool = True,
    watch: Watch | None = None,
    telemetry: dict[str, Any] | None = None,
) -> FastAPI:
    """An application that answers for a bundle.

    bundle: its folder, or its model where that is loaded already. ui: a web bundle to serve at /ui/. metrics: count,
    and answer /metrics. threads: infer in the thread pool, so that one long batch does not hold up the others; off
    where one request runs at a time, as on Lambda. watch: is told of each batch answered.
    telemetry: FastAPI's setting of OpenTelemetry.

    Raises:
        BundleError: no bundle there.
        RuntimeMissing: ONNX Runtime is not here.
    """
    model = load(bundle) if isinstance(bundle, (str, Path)) else bundle
    skin = Skin(model, Metrics() if metrics else None, threads=threads, watch=watch)
    options: dict[str, Any] = {"telemetry": telemetry} if telemetry else {}
    app = FastAPI(
        title=model.manifest.name,
        version=model.manifest.version,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        **options,
    )
    app.state.model = model
    # An endpoint that is an ASGI application gets every method: 405 and Allow are the contract's to answer.
    app.router.routes.extend(Route(path, skin) for path in ROUTES)
    if ui is not None:
        from starlette.staticfiles import StaticFiles

        app.router.routes.append(Route("/ui", lambda request: RedirectResponse("ui/")))
        app.mount("/ui", StaticFiles(directory=ui, html=True))
        app.add_exception_handler(HTTPException, _refused)
    app.router.default = skin
    app.openapi = lambda: openapi(model.manifest, metrics=metrics)  # type: ignore[method-assign]
    return app


def _refused(request: Request, err: Exception) -> StarletteResponse:
    """A file that /ui/ does not have, in the form of the contract."""
    status = getattr(err, "status_code", 500)
    detail = f"{request.method} {request.url.path} is not answered here"
    headers = tuple((getattr(err, "headers", None) or {}).items())
    return _starlette(problem(Refusal(status, detail, headers)), request.method)


class Skin:
    """ASGI request to `handle` and back."""

    def __init__(self, model: AnyModel, metrics: Metrics | None, *, threads: bool, watch: Watch | None) -> None:
        self.model = model
        self.watch = watch
        self.metrics = metrics
        self.limits = Limits()
        self.threads = threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            body = await self._body(request)
            arguments: tuple[Any, ...] = (
                self.model,
                request.method,
                _path(scope),
                joined(request.headers.items()),
                body,
            )
            options: dict[str, Any] = {"limits": self.limits, "metrics": self.metrics, "watch": self.watch}
            if self.threads and request.method == "POST":
                response = await run_in_threadpool(handle, *arguments, **options)
            else:
                response = handle(*arguments, **options)
        except Refusal as refusal:
            if self.watch is not None:
                self.watch.refused(refusal)
            response = refusal_of(_path(scope), refusal)
        except ClientDisconnect:
            return
        except Exception as err:  # noqa: BLE001 - the client is told in the contract's form, the log says what
            response = fault(_path(scope), err, self.watch)
        await _starlette(response, request.method)(scope, receive, send)

    async def _body(self, request: Request) -> bytes:
        """The whole body, or 413.

        A body that is refused is read away first, within bounds: answering and closing before that resets the
        connection, and the client sees no 413.
        """
        parts, size, limit = [], 0, self.limits.body
        async for part in request.stream():
            size += len(part)
            if size <= limit:
                parts.append(part)
            elif size > DRAINED * limit:
                break
        if size > limit:
            raise too_large(self.limits)
        return b"".join(parts)


def _path(scope: Scope) -> str:
    """The path below the mount point, still as it was sent."""
    root: str = scope.get("root_path", "")
    path: str = scope["path"]
    return path.removeprefix(root) or "/"


def _starlette(response: Response, method: str) -> StarletteResponse:
    made = StarletteResponse(response.body, response.status)
    made.raw_headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in response.headers]
    if response.status != 204 and method != "HEAD":  # a HEAD's length would be the GET's, which was not kept
        made.raw_headers.append((b"content-length", str(len(response.body)).encode()))
    return made
