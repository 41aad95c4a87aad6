"""Every operator of the row program answers as ONNX Runtime does, on what the browser's program is asked, and more."""

from __future__ import annotations

from typing import Any

import pytest
from operator_cases import ROW_CASES, Case, check, job_of

from isoship.row_program.operators import ROW_OPS, TREES
from isoship.tfjs.steps import CONSTANT_INPUTS
from isoship_edge.encoding import golden
from isoship_edge.errors import BundleError
from isoship_edge.inference.tensor import values
from isoship_edge.rows.operators import MODULES, prepare_of
from isoship_edge.rows.program import RowProgram


def plain(given: dict[str, Any]) -> list[int]:
    """int32 has no tag in rows.json."""
    return [int(x) for x in golden.decode(given["data"])]


def answers(case: Case, *, folded: bool) -> list[dict[str, Any]]:
    """A program of one step. folded: everything is a constant, and computed when the program is loaded."""
    job = job_of(case)
    fixed = CONSTANT_INPUTS.get(case.op, (1,) if case.op.startswith("Reduce") else ())
    constants, inputs, row = dict(job["constants"]), {}, {}
    names = ["" if x is None else f"in{i}" for i, x in enumerate(job["inputs"])]
    for i, given in enumerate(job["inputs"]):
        if given is None:
            continue
        if folded or i in fixed:
            constants[names[i]] = {**given, "data": plain(given)} if given["dtype"] == "int32" else given
        else:
            inputs[names[i]] = {"dtype": given["dtype"], "shape": given["shape"]}
            row[names[i]] = golden.decode(given["data"]) if given["dtype"] != "int32" else plain(given)
    made = [f"out{i}" for i in range(case.outputs)]
    step = {"op": case.op, "inputs": names, "outputs": made, "attrs": case.attrs}
    outputs = {name: name for name in made}
    document = {"format": 1, "constants": constants, "inputs": inputs, "steps": [step], "outputs": outputs}
    answered = RowProgram(document)(row)
    return [
        {"dtype": tensor.dtype, "shape": tensor.shape, "data": golden.encode(values(tensor))}
        for tensor in (answered[name] for name in made)
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
