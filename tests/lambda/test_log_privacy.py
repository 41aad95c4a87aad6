"""No value and no name that somebody sent stands in the log, whatever the way in; and every line is one JSON object."""

from __future__ import annotations

import http.client
import json
import logging
import os
import random
import re
import subprocess
import sys
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from embedded_metrics import check_embedded_metrics, once
from emulator import Emulator
from lambda_directory import Here
from mixed_load import INFER, SHAPES, Request, Sent, http_requests, mixed_load, number, sent_in, v2_inputs, word

from bundles import VISITS_ROWS
from isoship.parity.runners.lambda_events import predict_event
from runtime_emulator import free_port

Load = Callable[..., ModuleType]
#: ISOSHIP_MIXED_LOAD=5000 sends as many as the project promises.
REQUESTS = int(os.environ.get("ISOSHIP_MIXED_LOAD", 400))
#: What AWS's emulator says of itself between the function's lines.
_EMULATOR = re.compile(
    r"(START|END|REPORT|INIT_START|INIT_REPORT|EXTENSION|XRAY) |\d\d \w\w\w \d{4} \d\d:\d\d:\d\d,\d{3} \[(INFO|WARN)"
)
WORD = "zebra"
#: What the runtime client says of a payload with NaN, which never reaches the handler.
UNREAD = "Runtime.UnmarshalError"
AS_JSON = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO", "ISOSHIP_LOG_ANSWERS": "1"}


@pytest.fixture
def as_lambda_logs() -> Iterator[None]:
    """The root logger of a function whose log format is JSON: everything from INFO up, a line each."""

    class Line(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return json.dumps({"level": record.levelname, "message": super().format(record)})

    class Now(logging.StreamHandler[Any]):
        def emit(self, record: logging.LogRecord) -> None:
            self.stream = sys.stdout
            super().emit(record)

    handler, root = Now(), logging.getLogger()
    handler.setFormatter(Line())
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield
    root.removeHandler(handler)
    root.setLevel(level)


def test_what_was_sent_is_found_again() -> None:
    draw = random.Random(1)
    own, count = word(draw), number(draw)
    for text in (own.upper(), f'{{"x": "%61{own[1:]}"}}', f"got {own}\\u0000", f"'{count}.5'", f"-{count}000000"):
        assert sent_in(text), text
    load = list(mixed_load(1000))
    ways = {sent.way.split(", ")[0] for sent in load}
    assert ways == {*SHAPES, "plain payload", "SQS"}
    assert {sent.way.split(", ")[1] for sent in load if ", " in sent.way} >= {"predict", "V2 JSON", "V2 binary", "GET"}
    assert 400 < sum(sent.refused is True for sent in load) < 600
    # Compressed bodies alone hide what they hold, and an empty one holds nothing.
    assert sum(not sent_in(json.dumps(sent.event)) for sent in load) < 350


def was_refused(sent: Sent, answer: Any) -> bool:
    """Whether an event was refused; never a fault of ours."""
    assert isinstance(answer, dict), (sent, answer)
    if "errorType" in answer:
        assert answer["errorType"] in ("InvocationRefused", UNREAD), (sent, answer)
        return True
    if sent.way == "plain payload":
        assert "predictions" in answer
        return False
    assert answer["statusCode"] < 500, (sent, answer)
    return bool(answer["statusCode"] >= 400)


@pytest.mark.parametrize("direct", ["1", "0"])
@pytest.mark.usefixtures("as_lambda_logs")
def test_every_event_of_a_mixed_load_leaves_one_line_and_nothing_of_itself(
    entry: Load, direct: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module = entry(ISOSHIP_DIRECT=direct, ISOSHIP_LOG_ANSWERS="1", AWS_LAMBDA_FUNCTION_VERSION="7")
    capsys.readouterr()
    for sent in mixed_load(400, seed=int(direct)):
        try:
            answer = module.handler(sent.event, None)
            raised = ""
        except module.InvocationRefused as err:
            answer, raised = {"errorType": type(err).__name__}, str(err)
        said = capsys.readouterr()
        assert said.err == ""
        assert not sent_in(said.out + raised), (sent, said.out + raised)
        lines = said.out.splitlines()
        check_embedded_metrics(lines[-1])
        assert all(json.loads(line, object_pairs_hook=once)["level"] in ("INFO", "WARNING") for line in lines), lines
        if sent.refused is not None:
            assert len(lines) == 1, (sent, lines)
            assert was_refused(sent, answer) == sent.refused, (sent, answer)


def test_a_mixed_load_under_lambdas_own_client_leaves_nothing_of_itself_in_the_log(here: Here, tmp_path: Path) -> None:
    """AWS's emulator and runtime client, the log format that template.yaml sets, all that the function writes."""
    started = Emulator(here, here.folder, tmp_path, **AS_JSON)
    ways: Counter[str] = Counter()
    faults = refused = unread = 0
    try:
        for sent in mixed_load(REQUESTS):
            answer = started.invoke(sent.event)
            ways[sent.way] += 1
            if sent.refused is None:
                faults += len(answer["batchItemFailures"])
                continue
            assert was_refused(sent, answer) == sent.refused, (sent, answer)
            refused += sent.refused
            unread += answer.get("errorType") == UNREAD
    finally:
        started.close()
    log = started.log()
    assert not sent_in(log)
    lines = [line for line in log.splitlines() if line.strip() and not _EMULATOR.match(line)]
    documents = [json.loads(line, object_pairs_hook=once) for line in lines]
    assert all(type(document) is dict for document in documents)
    measured = [check_embedded_metrics(line) for line, document in zip(lines, documents, strict=True)
                if "_aws" in document]  # fmt: skip
    assert len(measured) == REQUESTS - unread
    requests = [document for document in measured if document["message"] != "SQS"]
    assert sum(document.get("refused", 0) for document in requests) == refused - unread
    raised = [document for document in documents if document.get("errorType")]
    assert {document["errorType"] for document in raised} <= {"InvocationRefused", UNREAD}
    print(f"{REQUESTS} requests, {refused} refused, {faults} messages failed, {len(lines)} lines; by way: {dict(ways)}")
    assert 0.35 < refused / REQUESTS < 0.6


@pytest.mark.parametrize("command", [["isoship_edge", "serve"], ["isoship", "serve"]], ids=lambda words: words[0])
def test_a_mixed_load_leaves_nothing_of_itself_in_a_servers_log(
    visits: Path, tmp_path: Path, command: list[str]
) -> None:
    program, verb = command
    port = free_port()
    where = ["--bundle", str(visits)] if program == "isoship_edge" else [str(visits)]
    log = tmp_path / "log"
    with log.open("wb") as target:
        server = subprocess.Popen(
            [sys.executable, "-m", program, verb, *where, "--port", str(port)], stdout=target, stderr=target
        )
    statuses: Counter[bool] = Counter()
    try:
        for request in islice(http_requests(random.Random(7)), REQUESTS):
            status = asked(server, port, request)
            assert status < 500, request
            statuses[status >= 400] += 1
            assert (status >= 400) == request.refused, (status, request)
    finally:
        server.terminate()
        server.wait(20)
    said = log.read_text(encoding="utf-8", errors="replace")
    assert not sent_in(said), said
    # Where it listens, and no line a request.
    assert len(said.splitlines()) <= 1, said
    assert statuses[True] > REQUESTS / 3


def asked(server: subprocess.Popen[bytes], port: int, request: Request) -> int:
    """The status of a request; the server may still be starting."""
    for attempt in range(400):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            path = urllib.parse.quote(request.path, safe="/?=&%")
            connection.request(request.method, path, request.body, request.headers)
            return connection.getresponse().status
        except ConnectionRefusedError:
            assert server.poll() is None
            assert attempt < 399
            time.sleep(0.05)
        finally:
            connection.close()
    raise AssertionError("unreachable")


def test_refusals_say_where_and_what_is_expected_by_every_way_in(
    entry: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    module = entry()
    capsys.readouterr()
    unseen = {**VISITS_ROWS[0], "plan": WORD}
    body = json.dumps({"inputs": v2_inputs({name: [value] for name, value in unseen.items()})})
    for shape in SHAPES.values():
        module.handler(shape(Request("V2 JSON", True, path=INFER), body, False), None)
        [line] = map(json.loads, capsys.readouterr().out.splitlines())
        assert (line["message"], line["status"]) == ("POST /v2/models/visits/infer", 400)
        assert (line["row"], line["column"], line["expected"]) == (0, "plan", 'one of "basic", "pro"')
    for payload, words in (
        ({"rows": [unseen]}, 'row 0, column "plan": expected one of "basic", "pro"'),
        ({"rows": [{**VISITS_ROWS[0], WORD: 1}]}, 'row 0: expected one of the columns "age"'),
        ({"rows": [], WORD: 1}, 'expected the key "rows" and no other'),
    ):
        with pytest.raises(module.InvocationRefused) as refused:
            module.handler(payload, None)
        assert str(refused.value).startswith(words)
        assert WORD in refused.value.problem["detail"]


@pytest.mark.parametrize("asked", [False, True])
def test_a_fault_says_which_and_where_and_its_words_where_inputs_are_logged(
    entry: Load, asked: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = entry(**({"ISOSHIP_LOG_INPUTS": "1"} if asked else {}))

    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError(WORD)

    monkeypatch.setattr(module.direct, "handle", broken)
    capsys.readouterr()
    assert module.handler(predict_event("{}"), None)["statusCode"] == 500
    with pytest.raises(module.InvocationRefused, match="this request met a fault in the server"):
        module.handler({"rows": []}, None)
    said = capsys.readouterr()
    lines = [json.loads(line, object_pairs_hook=once) for line in said.out.splitlines()]
    assert [line["message"] for line in lines] == ["POST /predict", "invoke"]
    for line in lines:
        assert (line["status"], line["level"], line["error"]) == (500, "ERROR", "ZeroDivisionError")
        assert line["at"][-1].split()[1] == "broken"
    assert (WORD in said.out + said.err) == asked
