"""DataFrames, arrays, dicts and lists of Python callers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from bundles import VISITS_ROWS, YIELD_ROWS, visits_reference, yield_reference
from isoship_edge.encoding.frames import decode_python
from isoship_edge.errors import InputError
from isoship_edge.inference.model import Model, load
from isoship_edge.manifest import Column, Signature


@pytest.fixture(scope="module")
def model(visits: Path) -> Model:
    return load(visits)


@pytest.fixture(scope="module")
def matrix(yields: Path) -> Model:
    return load(yields)


EXPECTED = visits_reference(VISITS_ROWS)["probabilities"]
YIELD = yield_reference(YIELD_ROWS)["value"]


def dictionaries(table: pa.Table, *names: str) -> pa.Table:
    """With these columns as dictionaries, nulls among them."""
    for name in names:
        place = table.column_names.index(name)
        table = table.set_column(place, name, table.column(name).dictionary_encode())
    return table


def frames() -> dict[str, Any]:
    frame, table = pd.DataFrame(VISITS_ROWS), pa.Table.from_pylist(VISITS_ROWS)
    as_numpy = [
        {**r, "age": np.float64("nan") if r["age"] is None else np.float64(r["age"]), "visits": np.int64(r["visits"]),
         "member": np.bool_(r["member"]), "city": None if r["city"] is None else np.str_(r["city"])}
        for r in VISITS_ROWS
    ]  # fmt: skip
    return {
        "dicts": VISITS_ROWS,
        "numpy scalars": as_numpy,
        "DataFrame": frame,
        "columns in another order": frame[list(reversed(frame.columns))],
        "object columns": frame.astype(object),
        "nullable dtypes": frame.convert_dtypes(),
        "categories": frame.assign(plan=frame["plan"].astype("category")),
        "another index": frame.set_index(pd.Index([7, 7, 8, 9])),
        "polars": pl.DataFrame(VISITS_ROWS),
        "polars, in another order": pl.DataFrame(VISITS_ROWS)[list(reversed(frame.columns))],
        "polars' categories": pl.DataFrame(VISITS_ROWS).cast(
            {"city": pl.Categorical, "plan": pl.Enum(["basic", "pro"])}
        ),
        "pyarrow": table,
        "pyarrow's chunks": pa.concat_tables([table.slice(0, 1), table.slice(1)]),
        "pyarrow's categories": dictionaries(table, "city", "plan"),
        "a record batch": pa.RecordBatch.from_pylist(VISITS_ROWS),
        "lists": [list(r.values()) for r in VISITS_ROWS],
        "an object array": np.array([list(r.values()) for r in VISITS_ROWS], dtype=object),
    }


@pytest.mark.parametrize("name", list(frames()))
def test_every_container_gives_the_same_answers(name: str, model: Model) -> None:
    made = model.predict(frames()[name])
    assert made["probabilities"] == pytest.approx(EXPECTED, abs=1e-12)
    assert made["probabilities"].dtype == np.float64
    assert made["label"].tolist() == visits_reference(VISITS_ROWS)["label"].tolist()
    assert made["label"].dtype == object


@pytest.mark.parametrize("dtype", ["float64", "float32", "object"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_for_matrix_models(dtype: str, order: Any, matrix: Model) -> None:
    rows = [[1.0, 0.5, 0.0], [1.5, 0.75, 3.0], [np.nan, np.inf, -2.0]]
    made = matrix.predict(np.array(rows, dtype=dtype, order=order))["value"]
    assert made.tolist() == [1.75, 4.375, 2.375]


def test_integer_arrays_are_numbers_and_boolean_arrays_are_not(matrix: Model) -> None:
    assert matrix.predict(np.array([[1, 0, 3]]))["value"].tolist() == [1.75]
    with pytest.raises(InputError, match="got a boolean true"):
        matrix.predict(np.array([[True, False, True]]))


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ({"age": 1}, r"Put one row in a list"),
        ("Oslo", "got str"),
        (7, "got int"),
        (pd.DataFrame(VISITS_ROWS).drop(columns="city"), 'lacks the columns "city"'),
        (pd.concat([pd.DataFrame(VISITS_ROWS)] * 2, axis=1), 'the columns? "age", .* twice'),
        (np.zeros((2, 5)), r"\[N, 6\], got \[2, 5\]"),
        (np.zeros((2, 6, 1)), r"\[N, 6\]"),
        ([[1, 2]], "row 0: expected 6 values"),
        (["Oslo"], "row 0: expected 6 values"),
        ([VISITS_ROWS[0], [1]], "row 1: expected an object, got an array"),
        (pd.DataFrame(VISITS_ROWS).assign(visits=1.5), 'row 0, column "visits": expected an integer, got a number 1.5'),
        (pd.DataFrame(VISITS_ROWS).assign(age=pd.Timestamp(0)), "value of type Timestamp"),
        (pl.DataFrame(VISITS_ROWS).drop("city"), 'lacks the columns "city"'),
        (pa.Table.from_pylist(VISITS_ROWS).drop_columns("city"), 'lacks the columns "city"'),
        (pa.table([[1.0], [2.0]], names=["age", "age"]), 'lacks the columns "income"'),
        (pl.DataFrame(VISITS_ROWS).with_columns(age=pl.date(2026, 1, 5)), "value of type date"),
        (pl.DataFrame(VISITS_ROWS).with_columns(member=None), 'row 0, column "member": expected .*got'),
    ],
)
def test_refusals_say_what_was_seen(rows: Any, says: str, model: Model) -> None:
    with pytest.raises(InputError, match=says):
        model.predict(rows)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float64", "object"])
def test_values_a_matrix_column_refuses(value: float, dtype: str, matrix: Model) -> None:
    rows = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, value]], dtype=dtype)
    with pytest.raises(InputError, match=r'row 1, column "x2"'):
        matrix.predict(rows)


def test_opposite_infinities_do_not_cancel(matrix: Model) -> None:
    with pytest.raises(InputError, match=r'row 0, column "x0"'):
        matrix.predict(np.array([[np.inf, 1.0, 1.0], [-np.inf, 1.0, 1.0]]))


def test_columns_that_the_model_does_not_take_are_ignored_with_a_note(model: Model, matrix: Model) -> None:
    frame = pd.DataFrame(VISITS_ROWS).assign(target=1, key=pd.Timestamp(0))
    with pytest.warns(UserWarning, match='ignored: "target", "key"') as told:
        made = model.predict(frame)
    assert made["probabilities"] == pytest.approx(EXPECTED, abs=1e-12)
    assert [warning.filename for warning in told] == [__file__]


def test_the_same_of_frames_that_are_not_pandas(model: Model) -> None:
    for frame in (pl.DataFrame(VISITS_ROWS).with_columns(target=1), pa.Table.from_pylist(VISITS_ROWS)):
        if isinstance(frame, pa.Table):
            frame = frame.append_column("target", pa.array([1] * len(frame)))
        with pytest.warns(UserWarning, match='ignored: "target"') as told:
            made = model.predict(frame)
        assert made["probabilities"] == pytest.approx(EXPECTED, abs=1e-12)
        assert [warning.filename for warning in told] == [__file__]


def test_a_model_without_names_takes_columns_in_their_order_or_refuses(matrix: Model) -> None:
    frame = pd.DataFrame(YIELD_ROWS)
    assert matrix.predict(frame)["value"] == pytest.approx(YIELD)
    with pytest.raises(InputError, match="in another order"):
        matrix.predict(frame[frame.columns[::-1]])


NAMES = {
    "numbers": [0, 1],
    "numpy's numbers": list(np.arange(2)),
    "fractions": [0.5, 1.0],
    "dates": list(pd.date_range("2024-01-01", periods=2)),
    "truth": [True, False],
    "pairs": [("a", "x"), ("b", 1)],
}


@pytest.mark.parametrize("kind", NAMES)
def test_names_that_are_no_text_are_those_that_the_libraries_make_of_them(kind: str) -> None:
    keys = NAMES[kind]
    frame = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], columns=pd.Index(keys, tupleize_cols=False))
    for spell in (str, lambda name: " ".join(map(str, name)) if isinstance(name, tuple) else str(name)):
        signature = Signature("columns", tuple(Column(spell(key), "double") for key in keys))
        for rows in (
            frame,
            frame.set_axis(pd.Index(keys), axis=1),
            [dict(zip(keys, r, strict=True)) for r in frame.to_numpy()],
        ):
            tensors, _ = decode_python(rows, signature)
            assert [list(tensor.data) for tensor in tensors.values()] == [[1.0, 3.0], [2.0, 4.0]]


def test_a_dict_with_an_unknown_number_for_a_key_is_refused_by_it(matrix: Model) -> None:
    with pytest.raises(InputError, match='column "7": expected one of the columns'):
        matrix.predict([{**YIELD_ROWS[0], 7: 1.0}])


def test_text_models_take_a_list_of_strings() -> None:
    signature = Signature("columns", (Column("text", "string"),))
    for rows in (["a", "b"], np.array(["a", "b"]), [{"text": "a"}, {"text": "b"}]):
        tensors, count = decode_python(rows, signature)
        assert (tensors["text"].data, count) == (["a", "b"], 2)
