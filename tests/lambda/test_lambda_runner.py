from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from lambda_directory import Built, Here

from bundles import VISITS_ROWS, make_bundle, visits_reference
from isoship.bundle.aws_lambda import directory as aws_lambda
from isoship.bundle.target import running_target
from isoship.errors import InputError, RunnerUnavailable
from isoship.parity.runners import lambda_events, open_runner
from isoship.parity.runners.contract import RunnerCrashed, RunnerHung, Shipped
from isoship.parity.runners.lambda_process import LambdaFunction
from isoship.parity.runners.lambda_runtime import LambdaRunner
from isoship_edge.manifest import read_manifest


def shipped(root: Path) -> Shipped:
    return Shipped(root, read_manifest(root), ("lambda",))


def check_answers(runner: LambdaRunner, rows: list[dict[str, object]]) -> None:
    answers = runner.infer(rows)
    want = visits_reference(rows)
    assert answers["label"].tolist() == want["label"].tolist()
    assert answers["probabilities"].dtype == np.float64
    np.testing.assert_allclose(answers["probabilities"], want["probabilities"], rtol=1e-12, atol=1e-12)


def test_it_answers_for_the_shipped_directory(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = open_runner("lambda")
    assert isinstance(runner, LambdaRunner)
    runner.prepare(shipped(built.root))
    try:
        check_answers(runner, VISITS_ROWS)
        # Several invocations give what one does.
        monkeypatch.setattr(lambda_events, "MAX_ROWS", 3)
        check_answers(runner, VISITS_ROWS * 2)
        with pytest.raises(InputError, match="plan") as refused:
            runner.infer([*VISITS_ROWS, {**VISITS_ROWS[0], "plan": "gold"}])
        assert (refused.value.row, refused.value.column) == (4, "plan")
        assert runner.stamp()["awslambdaric"]
        assert runner.stamp()["bytecode"] == built.build.bytecode
        assert "rebuilt" not in runner.stamp() or built.build.bytecode == "none"
    finally:
        runner.close()


def test_without_its_python_the_directory_is_rebuilt_and_that_is_said(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws_lambda, "find_interpreter", lambda _version: None)
    runner = LambdaRunner("direct")
    runner.prepare(shipped(built.root))
    try:
        check_answers(runner, VISITS_ROWS)
        stamp = runner.stamp()
        running = running_target()
        assert running is not None
        assert stamp["python"] == running.python
        if running != built.build.target:
            assert stamp["rebuilt"] == f"lambda/ is for {built.build.target}, not found here: rebuilt for {running}"
            assert stamp["bytecode"] == "none"
    finally:
        runner.close()


def test_a_bundle_without_lambda_is_unavailable_with_the_line_that_adds_it(tmp_path: Path) -> None:
    with pytest.raises(RunnerUnavailable, match="--targets lambda"):
        LambdaRunner("direct").prepare(shipped(make_bundle(tmp_path / "bundle")))


def test_without_the_client_wheel_it_is_unavailable_and_nothing_is_fetched(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOSHIP_CACHE", str(tmp_path))
    with pytest.raises(RunnerUnavailable, match=r"python -m pip download .* awslambdaric=="):
        LambdaRunner("direct").prepare(shipped(built.root))
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_misses_a_module_crashes_with_its_name(here: Here, tmp_path: Path) -> None:
    folder = shutil.copytree(here.folder, tmp_path / "task", ignore=shutil.ignore_patterns("mangum", "modules.*"))
    function = LambdaFunction(here.interpreter, folder, here.client, environment={"ISOSHIP_DIRECT": "0"})
    try:
        with pytest.raises(RunnerCrashed, match="mangum"):
            function.invoke(lambda_events.predict_event('{"rows": []}'), timeout=30)
    finally:
        function.close()


HANDLERS = """
import os, time
def hang(event, context): time.sleep(60)
def end(event, context): os._exit(7)
def fail(event, context): raise ValueError("as told")
def nan(event, context): return {"statusCode": 200, "body": float("nan")}
def echo(event, context): return {"statusCode": 200, "body": "x" * event["n"] + context.aws_request_id}
"""


@pytest.mark.parametrize(
    ("handler", "error", "words"),
    [
        ("hang", RunnerHung, "no answer within 1 s"),
        ("end", RunnerCrashed, "exit code 7"),
        ("fail", RunnerCrashed, "as told"),
        ("nan", RunnerCrashed, "not JSON"),
        ("absent", RunnerCrashed, "absent"),
    ],
)
def test_a_function_that_fails_is_an_error_in_time(
    here: Here, tmp_path: Path, handler: str, error: type[Exception], words: str
) -> None:
    (tmp_path / "handlers.py").write_text(HANDLERS)
    function = LambdaFunction(here.interpreter, tmp_path, here.client, handler=f"handlers.{handler}")
    try:
        with pytest.raises(error, match=words):
            function.invoke({}, timeout=1 if handler == "hang" else 30)
    finally:
        function.close()


def test_large_answers_arrive_whole(here: Here, tmp_path: Path) -> None:
    (tmp_path / "handlers.py").write_text(HANDLERS)
    function = LambdaFunction(here.interpreter, tmp_path, here.client, handler="handlers.echo")
    try:
        bodies = [function.invoke({"n": n}, timeout=30)["body"] for n in (0, 5_000_000, 1)]
    finally:
        function.close()
    assert [len(body) for body in bodies] == [36, 5_000_036, 37]
    assert len({body[-36:] for body in bodies}) == 3, "each answer is to its own request"
