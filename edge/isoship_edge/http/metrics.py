"""Counters of a server in Prometheus text format, without a client library (150 ms of import)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from isoship_edge.http.response import Response

if TYPE_CHECKING:
    from isoship_edge.inference.model import AnyModel

#: Upper bounds in seconds: from one row of a small model to a large batch.
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ROUTES = ("/", "/predict", "/docs", "/openapi.json", "/metrics")


class Seen:
    """One request while it is answered."""

    status = 500


class Metrics:
    """Requests, errors, rows and latency since the server started. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, int], int] = {}
        self._buckets: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self._rows = 0

    @contextmanager
    def request(self, path: str) -> Iterator[Seen]:
        """Counts one request under its route; the block sets `status`."""
        seen, started = Seen(), time.perf_counter()
        try:
            yield seen
        finally:
            self._observe(_route(path), seen.status, time.perf_counter() - started)

    def rows(self, count: int) -> None:
        """Counts rows that were asked for."""
        with self._lock:
            self._rows += count

    def response(self, model: AnyModel) -> Response:
        return Response(200, (("content-type", "text/plain; version=0.0.4; charset=utf-8"),), self.text(model).encode())

    def text(self, model: AnyModel) -> str:
        """The exposition: every series of one bundle."""
        manifest = model.manifest
        info = (
            f'model="{_label(manifest.name)}",version="{_label(manifest.version)}",digest="{_label(manifest.digest)}"'
        )
        with self._lock:
            lines = [
                "# HELP isoship_model_info The bundle that answers.",
                "# TYPE isoship_model_info gauge",
                f'isoship_model_info{{{info},backend="{model.session.backend}"}} 1',
                "# HELP isoship_requests_total Requests by route and status.",
                "# TYPE isoship_requests_total counter",
                *(
                    f'isoship_requests_total{{route="{route}",status="{status}"}} {count}'
                    for (route, status), count in sorted(self._requests.items())
                ),
                "# HELP isoship_errors_total Requests answered with 4xx or 5xx.",
                "# TYPE isoship_errors_total counter",
                f"isoship_errors_total {sum(n for (_, status), n in self._requests.items() if status >= 400)}",
                "# HELP isoship_rows_total Rows asked for.",
                "# TYPE isoship_rows_total counter",
                f"isoship_rows_total {self._rows}",
                "# HELP isoship_request_seconds Time from request to response.",
                "# TYPE isoship_request_seconds histogram",
            ]
            for route, counts in sorted(self._buckets.items()):
                total = 0
                for bound, count in zip((*BUCKETS, "+Inf"), counts, strict=True):
                    total += count
                    lines.append(f'isoship_request_seconds_bucket{{route="{route}",le="{bound}"}} {total}')
                lines.append(f'isoship_request_seconds_sum{{route="{route}"}} {self._seconds[route]!r}')
                lines.append(f'isoship_request_seconds_count{{route="{route}"}} {total}')
        return "\n".join(lines) + "\n"

    def _observe(self, route: str, status: int, seconds: float) -> None:
        place = next((i for i, bound in enumerate(BUCKETS) if seconds <= bound), len(BUCKETS))
        with self._lock:
            self._requests[route, status] = self._requests.get((route, status), 0) + 1
            self._buckets.setdefault(route, [0] * (len(BUCKETS) + 1))[place] += 1
            self._seconds[route] = self._seconds.get(route, 0.0) + seconds


def _route(path: str) -> str:
    """A label out of a closed set: a client must not be able to make series."""
    if path == "/v2" or path.startswith("/v2/"):
        return "/v2/infer" if path.endswith("/infer") else "/v2"
    if path.startswith("/docs/"):
        return "/docs"
    return path if path in _ROUTES else "other"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
