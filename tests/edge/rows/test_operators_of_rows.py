"""Every operator of the row program answers as ONNX Runtime does, on what the browser's program is asked, and more."""

from __future__ import annotations

from typing import Any

import pytest
from operator_cases import ROW_CASES, Case, check, row_program_of

from isoship.row_program.operators import ROW_OPS, TREES
from isoship_edge.encoding import golden
from isoship_edge.errors import BundleError
from isoship_edge.inference.tensor import values
from isoship_edge.rows.operators import MODULES, prepare_of
from isoship_edge.rows.program import RowProgram


def answers(case: Case, *, folded: bool) -> list[dict[str, Any]]:
    document, row = row_program_of(case, folded=folded)
    answered = RowProgram(document)(row)
    return [
        {"dtype": tensor.dtype, "shape": tensor.shape, "data": golden.encode(values(tensor))}
        for tensor in answered.values()
    ]


@pytest.mark.parametrize("folded", [False, True], ids=["asked", "folded"])
@pytest.mark.parametrize("index", range(len(ROW_CASES)), ids=lambda i: str(ROW_CASES[i]))
def test_an_operator_answers_as_onnx_runtime_does(index: int, folded: bool) -> None:
    check(ROW_CASES[index], answers(ROW_CASES[index], folded=folded))


def test_the_runtime_has_exactly_the_operators_that_the_exporter_may_use() -> None:
    assert sorted(MODULES) == sorted(ROW_OPS)
    for op in MODULES:
        assert callable(prepare_of(op))


def test_every_operator_is_tried() -> None:
    assert {case.op for case in ROW_CASES} | {TREES} == set(ROW_OPS)  # test_tree_tables.py


def test_an_operator_of_a_newer_release_is_refused_by_name() -> None:
    step = {"op": "Erf", "inputs": ["x"], "outputs": ["y"], "attrs": {}}
    document = {
        "format": 1, "constants": {}, "inputs": {"x": {"dtype": "double", "shape": ["N"]}}, "steps": [step],
        "outputs": {"y": "y"},
    }  # fmt: skip
    with pytest.raises(BundleError, match="has no operator 'Erf'"):
        RowProgram(document)
