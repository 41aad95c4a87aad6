"""One line of JSON a request in CloudWatch, which is a log entry and its metrics in one.

    {"timestamp": "...", "level": "INFO", "message": "POST /predict", "requestId": ..., "traceId": ..., "status": 200,
     "version": "1.2.0", "model": "churn", "function": "churn-Function-1A2B", "functionVersion": "7", "latency": 0.41,
     "rows": 1, "coldStart": 1, "label.yes": 1, "_aws": {...}}

CloudWatch takes the metrics out of `_aws` (embedded metric format): latency in ms, rows, coldStart, refused (4xx),
faults (5xx), and rows by predicted label (up to 20 classes whose names CloudWatch takes). Their dimensions are
`function`, and `function` with `functionVersion`: one bundle may be deployed as several stacks, and during a canary two
versions answer. Of an SQS batch, refused and faults are the share of its messages. What the hook replays has a line
and no metrics: its refusals would sound the alarm that watches the deployment. Nothing is imported for it and nothing
sent.

    ISOSHIP_LOG_LEVEL      DEBUG, INFO (also what AWS_LAMBDA_LOG_LEVEL says), WARNING, ERROR: below it a line holds
                           the metrics alone
    ISOSHIP_LOG_INPUTS=1   the request's body too, and what was wrong in it: without it no value of a user's is logged
    ISOSHIP_METRICS        the metrics' namespace ("isoship"); 0 for none

Off Lambda nothing is written.
"""

from __future__ import annotations

import json
import os
import sys
import time

from isoship_edge.http.api import ROUTES

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from isoship_edge.http.response import Refusal
    from isoship_edge.inference.tensor import Tensor
    from isoship_edge.manifest import Manifest

_LEVELS = {"TRACE": 0, "DEBUG": 10, "INFO": 20, "WARN": 30, "WARNING": 30, "ERROR": 40, "FATAL": 50, "CRITICAL": 50}
#: Every label is a metric that costs; models of more classes count none, nor do those of a class whose name is none
#: for a metric.
_MOST_LABELS = 20
_LONGEST_NAME = 255
_LONGEST = 100_000

#: The API that the hook's events name: golden rows are nobody's requests, and many of them are refused.
REPLAYED = "golden-rows"
_METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
_V2 = ("/v2/health/live", "/v2/health/ready")
_DIMENSIONS = [["function"], ["function", "functionVersion"]]
_UNITS = {"latency": "Milliseconds"}
_json = json.JSONEncoder(separators=(",", ":")).encode
_text = json.encoder.encode_basestring_ascii


class RequestLog:
    """What is known of the request under way. One request runs at a time in a Lambda process."""

    def __init__(self, manifest: Manifest) -> None:
        environ = os.environ
        self.manifest = manifest
        self.on = "AWS_LAMBDA_FUNCTION_NAME" in environ
        named = environ.get("ISOSHIP_LOG_LEVEL") or environ.get("AWS_LAMBDA_LOG_LEVEL") or "INFO"
        self.level = _LEVELS.get(named.upper(), 20)
        self.inputs = environ.get("ISOSHIP_LOG_INPUTS") == "1"
        namespace = environ.get("ISOSHIP_METRICS") or "isoship"
        self.namespace = "" if namespace == "0" else namespace
        labels = [o for o in manifest.outputs if o.kind == "label" and len(o.shape) == 1 and o.classes is not None]
        self.label = next((o.name for o in labels if _countable(o.classes or ())), None)
        self.cold = True
        self._version = _json(manifest.version)
        from_lambda = {"function": "AWS_LAMBDA_FUNCTION_NAME", "functionVersion": "AWS_LAMBDA_FUNCTION_VERSION"}
        which = {"model": manifest.name, **{name: environ.get(variable, "") for name, variable in from_lambda.items()}}
        self._which = _json(which)[1:-1]
        self._second, self._stamp = 0, ""
        self._directives: dict[tuple[str, ...], str] = {}
        self.start(None)

    def start(self, context: Any) -> None:
        """A request begins."""
        self.request: str | None = getattr(context, "aws_request_id", None)
        self.rows = 0
        self.labels: dict[str, int] = {}
        self.told: dict[str, Any] = {}
        self._detail = ""
        self.counted = True
        self.started = time.perf_counter()

    def __call__(self, count: int, tensors: Mapping[str, Tensor]) -> None:
        """A batch was answered (`isoship_edge.http.api.Watch`)."""
        self.rows += count
        if self.label is not None and self.on and self.namespace:
            for value in tensors[self.label].data:
                name = f"label.{value}"
                self.labels[name] = self.labels.get(name, 0) + 1

    def refused(self, refusal: Refusal) -> None:
        """A request was refused (`api.Watch`): what of it may stand in the log is kept for its line."""
        self._detail = refusal.detail
        self.told = self.permitted({**refusal.members, "detail": refusal.detail})

    def failed(self, err: Exception) -> None:
        """A fault of ours: members of the request's line, and a line on standard error where this is no function."""
        from isoship_edge.http.faults import fault_members, report

        self.told = fault_members(err)
        if not self.on:
            report(err)

    def finish(
        self,
        message: str,
        status: int,
        members: Mapping[str, Any] | None = None,
        shares: Mapping[str, float] | None = None,
    ) -> None:
        """The request's line. members: what else is known of it, beside what a refusal told. shares: of a batch's
        messages, those that were refused and those that met a fault."""
        if not self.on:
            return
        now, latency = time.time(), (time.perf_counter() - self.started) * 1000
        level = "INFO" if status < 400 else "WARNING" if status < 500 else "ERROR"
        counts: dict[str, float] = {**self.labels, **(shares or {})}
        if self.cold:
            counts = {**counts, "coldStart": 1}
            self.cold = False
        if status >= 400:
            counts = {**counts, "refused" if status < 500 else "faults": 1}
        shown = _LEVELS[level] >= self.level
        embedded = bool(self.namespace) and self.counted
        if not (shown or embedded):
            return
        line = ""
        if shown:
            members = {**self.told, **(members or {})}
            told = _json(members)[1:-1] + "," if members else ""
            line = f'{self._head(now, level, message)},"status":{status},"version":{self._version},{told}'
        line += f'{self._which},"latency":{latency:.3f},"rows":{self.rows}'
        for name, count in counts.items():
            line += f",{_text(name)}:{count}"
        _write(line + self._embedded(now, tuple(counts)) if embedded else line)

    def line(self, level: str, message: str, **members: Any) -> None:
        """A line beside the request's own."""
        if self.on and _LEVELS[level] >= self.level:
            told = "," + _json(members)[1:-1] if members else ""
            _write(self._head(time.time(), level, message) + told)

    def permitted(self, problem: Mapping[str, Any]) -> dict[str, Any]:
        """Of a refusal what holds neither a value nor a name of the request; all where ISOSHIP_LOG_INPUTS=1.

        The one rule for every way in. `expected` is in words of the contract; `detail` and `seen` repeat what was sent.
        """
        if self.inputs:
            return dict(problem)
        told = {name: problem[name] for name in ("row", "size", "limit") if isinstance(problem.get(name), int)}
        if self._is_column(problem.get("column")):
            told["column"] = problem["column"]
        if any(spec.name == problem.get("input") for spec in self.manifest.signature.inputs):
            told["input"] = problem["input"]
        if isinstance(problem.get("index"), list):
            told["index"] = problem["index"]
        if isinstance(problem.get("expected"), str):
            told["expected"] = problem["expected"]
        return told

    def refusal_message(self) -> str:
        """The last refusal in a sentence, for Lambda's own log line of what a handler raises, under the same rule.

        Whatever a refusal repeats of a request stands in double quotes or behind ", got".
        """
        if self.inputs:
            return self._detail
        told, plain = self.told, self._detail.partition(", got ")[0]
        if '"' not in plain.replace('"rows"', "").replace('"inputs"', ""):
            return plain
        place = f"row {told['row']}" if "row" in told else "the payload"
        place += f", column {_json(told['column'])}" if "column" in told else ""
        if "input" in told:
            place = f"input {_json(told['input'])}" + (f" at {told['index']}" if "index" in told else "")
        expected = f"expected {told['expected']}" if "expected" in told else "it is refused"
        return f"{place}: {expected}. ISOSHIP_LOG_INPUTS=1 says what was sent"

    def route(self, method: str, path: str) -> str:
        """Method and path, as far as the contract has them: a path may hold anything."""
        manifest = self.manifest
        models = (f"/v2/models/{manifest.name}", f"/v2/models/{manifest.name}/versions/{manifest.version}")
        known = path in ROUTES or path in _V2 or any(path in (m, f"{m}/infer", f"{m}/ready") for m in models)
        return f"{method if method in _METHODS else 'another method'} {path if known else 'another path'}"

    def _is_column(self, name: Any) -> bool:
        return any(column.name == name for column in self.manifest.signature.columns)

    def input(self, body: Any) -> dict[str, Any]:
        """The request's body as a member, where ISOSHIP_LOG_INPUTS=1."""
        if not (self.on and self.inputs) or body is None:
            return {}
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=True)
        return {"input": text[:_LONGEST]}

    def _head(self, now: float, level: str, message: str) -> str:
        """The first members of a line. Pieces of text: a line is a tenth of what a warm row costs as it is."""
        second = int(now)
        if second != self._second:
            self._second, self._stamp = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        head = f'"timestamp":"{self._stamp}.{int(now * 1000) % 1000:03}Z","level":"{level}","message":{_text(message)}'
        if self.request is not None:
            head += f',"requestId":{_json(self.request)}'
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        if trace:
            head += f',"traceId":{_text(trace.partition(";")[0].removeprefix("Root="))}'
        return head

    def _embedded(self, now: float, names: tuple[str, ...]) -> str:
        """The last member of a line whose metrics are these. What of it does not change is written once."""
        if names not in self._directives:
            named = [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in ("latency", "rows", *names)]
            directive = {"Namespace": self.namespace, "Dimensions": _DIMENSIONS, "Metrics": named}
            self._directives[names] = ',"CloudWatchMetrics":' + _json([directive]) + "}"
        return f',"_aws":{{"Timestamp":{int(now * 1000)}{self._directives[names]}'


def _countable(classes: Sequence[Any]) -> bool:
    """Whether each class makes a metric's name: one that does not would cost the line all its metrics."""
    names = [f"label.{value}" for value in classes]
    return len(names) <= _MOST_LABELS and all(len(name) <= _LONGEST_NAME and name.isprintable() for name in names)


def _write(members: str) -> None:
    # ASCII, whatever the locale; in one write, which Lambda keeps as one entry.
    sys.stdout.write(f"{{{members}}}\n")
