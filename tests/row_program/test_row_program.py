"""The row program of a graph: what is written, what is said of its last bits, and what has none."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from isoship.onnx.graph import GraphBuilder
from isoship.onnx.sessions import session_of
from isoship.row_program.program import row_program_of
from isoship.sources import open_source
from isoship_edge.rows.program import RowProgram

RNG = np.random.default_rng(6)
X = RNG.normal([0, 50, 3], [1, 12, 0.5], (200, 3))


def graph_of(op: str, *inputs: Any, outputs: int = 1, dtype: int = TensorProto.DOUBLE, **attributes: Any) -> Any:
    """X [N, 3] through one operator."""
    g = GraphBuilder()
    g.ops(op, *inputs, outs=[f"out{i}" for i in range(outputs)], **attributes)
    made = [helper.make_tensor_value_info(f"out{i}", dtype, ["N", 3]) for i in range(outputs)]
    return g.model([helper.make_tensor_value_info("X", TensorProto.DOUBLE, ["N", 3])], made)


@pytest.mark.parametrize(
    ("model", "target", "libm"),
    [
        (LinearRegression(), X[:, 0], ()),
        (RandomForestRegressor(5, random_state=0), X[:, 0], ()),
        (make_pipeline(StandardScaler(), LogisticRegression()), X[:, 0] > 0, ("probabilities",)),
        (HistGradientBoostingClassifier(max_iter=3), X[:, 0] > 0, ("probabilities",)),
        (PoissonRegressor(), np.abs(X[:, 0]), ("value",)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_outputs_whose_last_bits_hang_on_the_platform_are_named(model: Any, target: Any, libm: tuple[str, ...]) -> None:
    source = open_source(model.fit(X, target), sample=X)
    graph = source.to_onnx()
    written = row_program_of(graph)
    assert written.libm == libm
    program = RowProgram(json.loads(written.files["rows.json"]), written.files.get("rows.bin", b""))
    session = session_of(graph)
    for row in X[:20]:
        expected = dict(zip(program.outputs, session.run(list(program.outputs), {"X": row[None]}), strict=True))
        for name, tensor in program({"X": row.tolist()}).items():
            assert tensor.shape == expected[name].shape
            np.testing.assert_allclose(tensor.data, expected[name].ravel(), rtol=1e-14, atol=1e-15)


def test_the_same_graph_gives_the_same_bytes() -> None:
    graph = open_source(LogisticRegression().fit(X, X[:, 0] > 0), sample=X).to_onnx()
    assert row_program_of(graph).files == row_program_of(graph).files


def test_an_operator_that_there_is_not_is_named() -> None:
    written = row_program_of(graph_of("Einsum", "X", equation="ij->ij"))
    assert written.files == {}
    assert written.lacks == "the operator Einsum (node 'Einsum_out0'): the row program does not have it"


def test_a_graph_that_does_not_run_on_batches_has_none() -> None:
    written = row_program_of(graph_of("Add", "X", np.zeros((4, 3))))
    assert "onnxruntime does not run the graph" in written.lacks


def test_squares_are_products_and_other_powers_the_library_s() -> None:
    assert row_program_of(graph_of("Pow", "X", np.array([2.0, 3.0, 2.0]))).libm == ()
    assert row_program_of(graph_of("Pow", "X", np.float64(0.5))).libm == ("out0",)


def test_reals_become_integers_as_onnx_runtime_has_them_on_x86() -> None:
    graph = graph_of("Cast", "X", dtype=TensorProto.INT64, to=TensorProto.INT64)
    program = RowProgram(json.loads(row_program_of(graph).files["rows.json"]))
    row = [float("nan"), 1e30, -2.9]
    assert list(program({"X": row})["out0"].data) == [-(2**63), -(2**63), -2]
    assert session_of(graph).run(None, {"X": np.array([row])})[0].tolist() == [[-(2**63), -(2**63), -2]]
