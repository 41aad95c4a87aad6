"""A function that lives long: no growth of memory, and several processes over one directory."""

from __future__ import annotations

import gzip
import json
import os
import re
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from lambda_directory import Here

from bundles import VISITS_ROWS
from isoship.parity.runners import lambda_api
from isoship.parity.runners.lambda_events import predict_event
from isoship.parity.runners.lambda_process import LambdaFunction

#: ISOSHIP_INVOCATIONS=10000 asks as often as the project promises.
INVOCATIONS = int(os.environ.get("ISOSHIP_INVOCATIONS", 1500))
ROWS = json.dumps({"rows": VISITS_ROWS})
GOOD = predict_event(ROWS)


def kinds() -> list[dict[str, Any]]:
    """What a function is asked: answered, refused, compressed, plain, queued."""
    packed = {**GOOD, "body": b64encode(gzip.compress(ROWS.encode())).decode(), "isBase64Encoded": True}
    packed["headers"] = {**GOOD["headers"], "content-encoding": "gzip"}
    records = [{"messageId": str(i), "eventSource": "aws:sqs", "body": body} for i, body in enumerate((ROWS, "{"))]
    refused = predict_event(json.dumps({"rows": [{**VISITS_ROWS[0], "plan": "gold"}]}))
    many = predict_event(json.dumps({"rows": VISITS_ROWS * 20}))
    return [GOOD, GOOD, GOOD, packed, refused, many, predict_event("{"), json.loads(ROWS), {"Records": records}]


def memory(function: LambdaFunction) -> int:
    """Resident memory that is the process's own, in KiB."""
    status = Path(f"/proc/{function.pid}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1])  # type: ignore[index]


def test_thousands_of_warm_invocations_take_no_more_memory(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    # awslambdaric puts every trace id into the environment and glibc never frees what setenv took: 140 bytes an
    # invocation that are not ours (an echo function has them too). Without trace ids what is ours shows.
    answered = lambda_api._Handler._reply

    def untraced(self: Any, status: str, body: bytes, *headers: tuple[str, str]) -> None:
        answered(self, status, body, *[header for header in headers if header[0] != "Lambda-Runtime-Trace-Id"])

    monkeypatch.setattr(lambda_api._Handler, "_reply", untraced)
    function = LambdaFunction(here.interpreter, here.folder, here.client)
    try:
        asked = kinds()
        for i in range(INVOCATIONS // 4):
            function.invoke(asked[i % len(asked)])
        before = memory(function)
        for i in range(INVOCATIONS - INVOCATIONS // 4):
            function.invoke(asked[i % len(asked)])
        grown = memory(function) - before
    finally:
        function.close()
    print(f"{INVOCATIONS} invocations: {before} KiB, then {grown:+} KiB")
    assert grown <= 256  # KiB: an arena of the allocator, not something kept of each request


def test_several_processes_answer_alike_at_once(here: Here) -> None:
    functions = [LambdaFunction(here.interpreter, here.folder, here.client) for _ in range(3)]

    def answers(function: LambdaFunction) -> set[str]:
        return {function.invoke(GOOD)["body"] for _ in range(30)}

    try:
        with ThreadPoolExecutor(len(functions)) as pool:
            seen = list(pool.map(answers, functions))
    finally:
        for function in functions:
            function.close()
    assert len(set.union(*seen)) == 1
