"""What a converter writes with: operators by name, constants in the type beside them, lookups, columns by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from comparison import compare, rows_of
from home_made import people
from sklearn.base import BaseEstimator, TransformerMixin

import isoship
from isoship.errors import ConversionError
from isoship.sources import open_source

X = people(60)


class Step(TransformerMixin, BaseEstimator):
    """What a function makes of the columns."""

    def __init__(self, function):
        self.function = function

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return self.function(X)


def carried(function: Any, convert: Any, columns: list[str]) -> onnx.ModelProto:
    """The graph, held against the function on the sample's rows."""
    model = Step(function).fit(X[columns])
    source = open_source(model, sample=X[columns], converters={Step: convert})
    graph = source.to_onnx()
    compare(source, rows_of(source, X[columns]), graph=graph)
    return graph


def test_numbers_take_the_type_beside_them() -> None:
    graph = carried(
        lambda X: np.column_stack([X["visits"] * 2, X["fare"] * 2]),
        lambda g, step, columns: [g.op.Mul(columns["visits"], 2), g.op.Mul(columns["fare"], 2)],
        ["visits", "fare"],
    )
    assert {each.data_type for each in graph.graph.initializer} == {7, 11}


def test_columns_are_had_by_name_place_and_list() -> None:
    seen: dict[str, Any] = {}

    def convert(g, step, columns):
        seen.update(names=columns.names, dtypes=columns.dtypes, count=len(columns), some=columns[["plan", "age"]].names)
        return [columns[-1], columns["age"], columns[1:2]]

    with pytest.raises(isoship.ConversionError, match="answers otherwise"):
        carried(lambda X: X[["fare", "age", "age"]].to_numpy(), convert, ["age", "plan", "fare"])
    assert seen == {"names": ("age", "plan", "fare"), "dtypes": ("double", "string", "double"), "count": 3,
                    "some": ("plan", "age")}  # fmt: skip


def test_missing_values_of_both_kinds() -> None:
    carried(
        lambda X: X.isna().to_numpy(),
        lambda g, step, columns: [g.is_missing(column) for column in columns],
        ["age", "town", "visits", "member"],
    )


@pytest.mark.parametrize(
    ("column", "keys", "values"),
    [
        ("town", ["Oslo", "Rome", None], [1.5, 2.5, 9.0]),
        ("town", ["Oslo"], [7]),
        ("age", [float(X["age"][1]), None], [1.25, -1.0]),
        ("visits", [0, 3, 4], ["none", "three", "four"]),
        ("member", [True], [2.0]),
        ("plan", [], []),
    ],
)
def test_lookups(column: str, keys: list[Any], values: list[Any]) -> None:
    default = "other" if values and isinstance(values[0], str) else 0
    table = {("(missing)" if key is None else key): value for key, value in zip(keys, values, strict=True)}

    def function(frame):
        looked = [table.get("(missing)" if v is None or v != v else v, default) for v in frame[column].tolist()]
        return np.array(looked, object if isinstance(default, str) else None).reshape(-1, 1)

    carried(function, lambda g, step, columns: g.lookup(columns[column], keys, values, default), [column])


def test_functions_of_numpy_are_exact_where_it_is() -> None:
    carried(
        lambda X: np.column_stack([np.log1p(X["fare"] * 1e-12), np.sin(X["fare"])]),
        lambda g, step, columns: [
            g.numpy.log1p(g.op.Mul(columns["fare"], 1e-12)),
            g.numpy.sin(columns["fare"]),
        ],
        ["fare"],
    )


def test_operators_with_several_outputs_and_text() -> None:
    def convert(g, step, columns):
        left, right = g.op.Split(columns[["age", "fare"]].matrix(), axis=1, num_outputs=2)
        known = g.op.Equal(columns["plan"], "pro")
        return [right, left, g.op.Where(known, 1.0, 0.0)]

    carried(
        lambda X: np.column_stack([X["fare"], X["age"], (X["plan"] == "pro").astype(float)]),
        convert,
        ["age", "fare", "plan"],
    )


@pytest.mark.parametrize("operator", ["Min", "Max"])
def test_what_compares_32_bits_is_refused(operator: str) -> None:
    with pytest.raises(ConversionError, match=f"ONNX Runtime's {operator} compares 32 bits of int64 numbers: g.cast"):
        carried(
            lambda X: np.maximum(X[["visits"]].to_numpy(), 5),
            lambda g, step, columns: getattr(g.op, operator)(columns["visits"], 5),
            ["visits"],
        )
    graph = carried(
        lambda X: np.maximum(X[["visits"]].to_numpy().astype(float), 5.0),
        lambda g, step, columns: g.op.Max(g.cast(columns["visits"], "double"), 5.0),
        ["visits"],
    )
    assert "Max" in {node.op_type for node in graph.graph.node}
