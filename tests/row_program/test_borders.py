"""The most rows of a request that the row program answers: an estimate of what a row costs, the same everywhere."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor

from isoship.parity.batches import _at_the_border, _batches
from isoship.row_program.program import RowProgram, row_program_of
from isoship.row_program.trees import tables_of
from isoship.sources import open_source
from isoship.tfjs.canonical import read_canonical
from isoship_edge.manifest import RowProgramFacts


def program_of(model: Any, count: int = 300) -> RowProgram:
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(count, 10))
    model.fit(rows, rows[:, 0] + draw.normal(size=count))
    return row_program_of(open_source(model, sample=rows[:50]).to_onnx())


@pytest.mark.parametrize(
    ("model", "edge", "on_lambda"),
    [
        (LinearRegression(), (1, 32), (32, 32)),
        (RandomForestRegressor(30, max_depth=6, random_state=0), (0, 1), (32, 32)),
        (RandomForestRegressor(1000, max_depth=4, random_state=0), (0, 0), (5, 31)),
        (KNeighborsRegressor(), (0, 0), (5, 31)),
    ],
    ids=["linear", "30 trees", "1,000 trees", "neighbours"],
)
def test_models_and_what_they_cost(model: Any, edge: tuple[int, int], on_lambda: tuple[int, int]) -> None:
    most = program_of(model).most_rows
    assert edge[0] <= most["edge"] <= edge[1]
    assert on_lambda[0] <= most["lambda"] <= on_lambda[1]


def test_a_row_that_takes_long_is_onnx_runtime_s() -> None:
    assert program_of(KNeighborsRegressor(), 20_000).most_rows == {"edge": 0, "lambda": 0}


def test_nodes_walked_are_those_of_the_mean_leaf() -> None:
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(400, 5))
    model = RandomForestRegressor(7, random_state=0).fit(rows, rows[:, 0])
    graph = read_canonical(open_source(model, sample=rows[:50]).to_onnx())
    (tables,) = [tables_of(node, graph) for node in graph.nodes if node.op == "ml.TreeEnsemble"]
    depths = np.concatenate([_leaf_depths(one.tree_) for one in model.estimators_])
    assert tables.walked == pytest.approx(7 * depths.mean(), rel=0.05), "equal leaves side by side are one"


def _leaf_depths(tree: Any) -> np.ndarray[Any, Any]:
    depth = np.zeros(tree.node_count, int)
    for node in range(tree.node_count):
        for child in (tree.children_left[node], tree.children_right[node]):
            if child >= 0:
                depth[child] = depth[node] + 1
    return depth[tree.children_left < 0]


def test_check_asks_on_both_sides_of_the_border() -> None:
    class Runner:
        target = "lambda"

    shipped: Any = SimpleNamespace(
        manifest=SimpleNamespace(row_program=RowProgramFacts(most_rows={"lambda": 20, "edge": 0}))
    )
    runner: Any = Runner()
    border = _at_the_border(runner, shipped)
    assert {20, 21} <= set(map(len, _batches(400, 0, [*[1] * 10, *border])))
    runner.target = "edge"
    assert _at_the_border(runner, shipped) == ()
