"""Every operator of the JavaScript program answers as ONNX Runtime does: bit for bit where program_ops.py says so."""

from __future__ import annotations

from typing import Any

import pytest
from node_script import HERE, WEB, run_node
from operator_cases import CASES, check, job_of

from isoship.tfjs.program_ops import PROGRAM_OPS


@pytest.fixture(scope="module")
def javascript() -> Any:
    return run_node(HERE / "ops.mjs", str(WEB / "src"), stdin=[job_of(case) for case in CASES])


def test_javascript_has_exactly_the_operators_that_the_exporter_may_use(javascript: Any) -> None:
    assert sorted(javascript["ops"]) == sorted(PROGRAM_OPS)


def test_every_operator_is_tried() -> None:
    ours = {"isoship.Rank", "isoship.Member"}  # test_rank.py: ONNX Runtime has no such operator
    assert {case.op for case in CASES} | ours == set(PROGRAM_OPS)


@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda i: str(CASES[i]))
def test_an_operator_answers_as_onnx_runtime_does(index: int, javascript: Any) -> None:
    made = javascript["results"][index]
    assert isinstance(made, list), made
    check(CASES[index], made)
