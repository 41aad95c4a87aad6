"""Every operator of the row program in JavaScript answers as ONNX Runtime does; several rows at once as each alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from node_script import WEB, run_node
from operator_cases import ROW_CASES, Case, check, row_program_of

from isoship.row_program.operators import ROW_OPS
from isoship_edge.encoding import golden

HERE = Path(__file__).parent


def job_of(case: Case, *, folded: bool) -> dict[str, Any]:
    """The row and another with its elements turned around, in turn: nine, since trees take eight rows at once."""
    document, row = row_program_of(case, folded=folded)
    turned = {name: data[::-1] for name, data in row.items()}
    return {
        "document": document,
        "rows": [{n: golden.encode(d) for n, d in each.items()} for each in [row, turned] * 4 + [row]],
    }


@pytest.fixture(scope="module")
def javascript() -> Any:
    jobs = [job_of(case, folded=folded) for folded in (False, True) for case in ROW_CASES]
    return run_node(HERE / "rows.mjs", str(WEB / "src"), stdin=jobs)


def test_javascript_has_exactly_the_operators_that_the_exporter_may_use(javascript: Any) -> None:
    assert sorted(javascript["operators"]) == sorted(ROW_OPS)


@pytest.mark.parametrize("folded", [False, True], ids=["asked", "folded"])
@pytest.mark.parametrize("index", range(len(ROW_CASES)), ids=lambda i: str(ROW_CASES[i]))
def test_an_operator_answers_as_onnx_runtime_does(index: int, folded: bool, javascript: Any) -> None:
    made = javascript["results"][index + len(ROW_CASES) * folded]
    assert "error" not in made, made
    check(ROW_CASES[index], made["rows"][0])
    assert made["same"] is True
