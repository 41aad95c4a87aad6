"""Frames of polars and pyarrow: samples, and rows to predict, with their own kind of missing in every column type."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from comparison import compare, rows_of
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

import isoship
from isoship.errors import SampleError
from isoship.sources import open_source
from isoship.sources.arrow_frames import frame_from_arrow
from isoship.sources.missing_marks import mark_of

N = 120
RNG = np.random.default_rng(3)
GAPS, HOLES = RNG.random(N) < 0.2, RNG.random(N) < 0.2
WORDS, SIZE, COUNT = RNG.choice(["x", "y", "z"], N), RNG.normal(size=N), RNG.integers(-5, 90, N)
FLAG = (SIZE > 0.3).tolist()
Y = (GAPS | (WORDS == "x") & (SIZE > 0)).astype(int)


def with_nulls(values: Any, gaps: Any = GAPS) -> list[Any]:
    return [None if lacking else value for value, lacking in zip(values.tolist(), gaps, strict=True)]


#: Column -> values, polars' type and pyarrow's. In `size`, null and NaN stand beside each other.
COLUMNS: dict[str, tuple[list[Any], Any, Any]] = {
    "count": (with_nulls(COUNT), pl.Int64, pa.int64()),
    "small": (with_nulls(COUNT % 7, HOLES), pl.UInt8, pa.uint8()),
    "size": (with_nulls(np.where(HOLES, np.nan, SIZE)), pl.Float64, pa.float64()),
    "weight": (with_nulls(np.where(HOLES, np.nan, SIZE + 1)), pl.Float32, pa.float32()),
    "flag": (FLAG, pl.Boolean, pa.bool_()),
    "word": (with_nulls(WORDS), pl.String, pa.string()),
    "long": (with_nulls(WORDS, HOLES), pl.String, pa.large_string()),
    "kind": (with_nulls(WORDS[::-1]), pl.Categorical, pa.dictionary(pa.int32(), pa.string())),
    "level": (with_nulls(WORDS[::-1], HOLES), pl.Enum(["x", "y", "z"]), pa.dictionary(pa.int32(), pa.large_string())),
}
NUMBERS = ["count", "small", "size", "weight"]
STRINGS = ["word", "long", "kind", "level"]


def polars_frame(columns: dict[str, tuple[list[Any], Any, Any]] = COLUMNS) -> pl.DataFrame:
    return pl.DataFrame([pl.Series(name, values, dtype) for name, (values, dtype, _) in columns.items()])


def arrow_array(values: list[Any], dtype: Any) -> Any:
    if not pa.types.is_dictionary(dtype):
        return pa.array(values, dtype)
    return pa.array(values, dtype.value_type).dictionary_encode()  # pyarrow 17 makes none of large strings by itself


def arrow_table(columns: dict[str, tuple[list[Any], Any, Any]] = COLUMNS) -> pa.Table:
    """In three chunks, as files and streams come."""
    table = pa.table({name: arrow_array(values, dtype) for name, (values, _, dtype) in columns.items()})
    return pa.concat_tables([table.slice(0, 50), table.slice(50, 1), table.slice(51)])


DICTIONARIES = ["kind", "level"]


def as_text(table: pa.Table) -> pa.Table:
    for name in DICTIONARIES:
        place = table.column_names.index(name)
        table = table.set_column(place, name, table[name].cast(pa.string()))
    return table


FRAMES = {"polars": polars_frame(), "pyarrow": as_text(arrow_table())}
#: Rows that are asked; a sample with dictionaries that hold nulls is refused.
ROWS = {**FRAMES, "dictionaries": arrow_table()}


def trained(frame: Any, **how: Any) -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    front = make_column_transformer((numbers, NUMBERS), (OneHotEncoder(**how), STRINGS), (StandardScaler(), ["flag"]))
    return make_pipeline(front, LogisticRegression()).fit(frame, Y)


@pytest.mark.parametrize("library", FRAMES)
def test_a_model_that_was_trained_on_a_frame_ships_from_it_and_answers_it(library: str, tmp_path: Path) -> None:
    frame = FRAMES[library]
    model = trained(frame)
    bundle = isoship.export(model, sample=frame, out=tmp_path / "bundle", targets=())
    assert bundle.report.ok
    assert {c.name: c.mark for c in bundle.manifest.signature.columns if c.dtype == "string"} == dict.fromkeys(
        STRINGS, "none"
    )
    assert all(c.missing == (c.name != "flag") for c in bundle.manifest.signature.columns)
    for rows in ROWS.values():  # either library's rows, whichever the model was trained on
        answered = isoship.load(bundle.path).predict(rows)["probabilities"]
        assert np.abs(answered - model.predict_proba(frame)).max() < 1e-12
        few = {"rows": 150, "runtimes": ["onnxruntime"]}
        assert isoship.check(bundle.path, model=model, sample=rows, **few).ok
    assert isoship.to_onnx(model, sample=frame).graph.input


@pytest.mark.parametrize("writer", ["polars", "pyarrow", "pandas"])
def test_a_parquet_file_of_the_same_rows_gives_the_same_contract(writer: str, tmp_path: Path) -> None:
    """pandas reads dictionaries as its categories, whose missing value is NaN and no None."""
    import pyarrow.parquet as pq

    path = tmp_path / "rows.parquet"
    if writer == "polars":
        FRAMES["polars"].write_parquet(path)
    elif writer == "pyarrow":
        pq.write_table(arrow_table(), path)
    else:
        frame_from_arrow(FRAMES["pyarrow"]).astype({"kind": "category", "level": "category"}).to_parquet(path)
    model = trained(FRAMES["polars"])
    file, frame = open_source(model, sample=path), open_source(model, sample=FRAMES["polars"])
    assert file.signature == frame.signature
    rows = rows_of(frame, frame_from_arrow(FRAMES["polars"]))
    for source in (file, frame):
        assert np.array_equal(source.answers(rows).outputs["probabilities"], model.predict_proba(FRAMES["polars"]))
    compare(file, rows)


def test_pandas_categories_with_gaps_are_another_kind_of_missing() -> None:
    model = trained(FRAMES["polars"])
    frame = frame_from_arrow(FRAMES["polars"])
    with pytest.raises(SampleError, match='column "kind": missing values are NaN in the sample, and None to the model'):
        open_source(model, sample=frame.assign(kind=frame["kind"].astype("category")))


@pytest.mark.parametrize("library", FRAMES)
@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_is_what_scikit_learn_takes_out_of_it(name: str, library: str) -> None:
    native = FRAMES[library]
    theirs = np.asarray(native[name]).tolist()
    ours = frame_from_arrow(native)[name].tolist()
    assert [mark_of(value) for value in ours] == [mark_of(value) for value in theirs]
    assert [v for v in ours if mark_of(v) is None] == [v for v in theirs if mark_of(v) is None]
    kinds = {mark_of(value) for value in ours} - {None}
    assert kinds == ({"none"} if name in STRINGS else {"nan"} if name in NUMBERS else set())


def test_numpy_is_given_the_last_category_for_a_null_in_a_dictionary_of_pyarrows() -> None:
    """Fails when pyarrow has mended it, and `refuse_nulls_in_dictionaries` may go."""
    column = arrow_table()["kind"]
    assert column.null_count
    assert None not in np.asarray(column).tolist()


def test_a_table_of_such_nulls_is_refused_by_their_columns() -> None:
    model = trained(arrow_table(), handle_unknown="ignore")
    with pytest.raises(SampleError, match=r'columns "kind", "level" of the sample .*cast\(pyarrow\.string'):
        open_source(model, sample=arrow_table())
    for name in DICTIONARIES:
        values, *types = COLUMNS[name]
        whole = arrow_table({**COLUMNS, name: ([v or "x" for v in values], *types)})
        with pytest.raises(SampleError, match=rf'columns "{({*DICTIONARIES} - {name}).pop()}" of the sample'):
            open_source(model, sample=whole)


def test_dictionaries_without_nulls_and_columns_that_the_model_does_not_take_are_no_matter() -> None:
    full = {name: ([v or "x" for v in values], *types) for name, (values, *types) in COLUMNS.items() if name in STRINGS}
    whole = arrow_table({**COLUMNS, **full})
    model = trained(whole)
    source = open_source(model, sample=whole.append_column("note", arrow_table()["kind"]))
    rows = rows_of(source, frame_from_arrow(whole))
    assert np.array_equal(source.answers(rows).outputs["probabilities"], model.predict_proba(whole))


def test_other_forms_of_frames() -> None:
    wanted = frame_from_arrow(arrow_table())
    batch = arrow_table().combine_chunks().to_batches()[0]
    for form in (polars_frame().lazy(), polars_frame(), batch):
        pd.testing.assert_frame_equal(frame_from_arrow(form), wanted)
    for other in (wanted, SIZE, [{"size": 1.0}], None):
        assert frame_from_arrow(other) is other


@pytest.mark.parametrize("library", FRAMES)
def test_an_encoder_that_met_null_in_one_library_meets_it_in_the_other(library: str) -> None:
    """Both say None; pandas says NaN, and its frame is refused by the column's name."""
    model = make_pipeline(
        make_column_transformer((OrdinalEncoder(), ["word"]), remainder="drop"), LogisticRegression()
    ).fit(FRAMES[library], Y)
    for frame in FRAMES.values():
        source = open_source(model, sample=frame)
        assert source.training.missing == ("none",)
    nans = pd.DataFrame({"word": pd.Series(COLUMNS["word"][0], dtype="str")})
    with pytest.raises(SampleError, match='column "word": missing values are NaN in the sample, and None to the model'):
        open_source(model, sample=nans)


DAY = datetime.date(2026, 1, 5)
REFUSED = {
    "flag": ([True, None, False], "holds booleans and missing values"),
    "day": ([DAY, None, DAY], "holds dates or times"),
    "when": ([datetime.datetime(2026, 1, 5, 3), None, None], "holds dates or times"),
    "hour": ([datetime.time(3), None, datetime.time(4)], "holds dates or times"),
    "span": ([datetime.timedelta(1), None, None], "holds dates or times"),
    "nothing": ([None, None, None], "holds only missing values"),
    "price": ([Decimal("1.5"), None, Decimal("2")], "holds values of the type Decimal"),
    "bytes": ([b"a", None, b"b"], "holds values of the type bytes"),
    "several": ([[1], None, [2]], "holds values of the type list"),
    "records": ([{"a": 1}, None, {"a": 2}], "holds values of the type dict"),
    "large": ([2**60, 1, 2], r"holds integers above 2\*\*53"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("library", [pl.DataFrame, pa.table])
def test_a_column_that_no_model_takes_is_refused_by_name(name: str, library: Any) -> None:
    model = LogisticRegression().fit(pd.DataFrame({name: [0.0, 1.0, 2.0]}), [0, 1, 1])
    values, words = REFUSED[name]
    with pytest.raises(SampleError, match=f'column "{name}" {words}'):
        open_source(model, sample=library({name: values}))


def test_columns_that_are_named_twice() -> None:
    twice = pa.table([pa.array([1.0]), pa.array([2.0])], names=["a", "a"])
    with pytest.raises(SampleError, match="names columns twice: a"):
        open_source(LogisticRegression().fit([[0.0, 1.0], [1.0, 1.0]], [0, 1]), sample=twice)


def test_what_arrow_does_not_read_is_named() -> None:
    frame = pl.DataFrame({"a": [1.0, 2.0], "id": pl.Series([1, None], dtype=pl.Int128)})
    with pytest.raises(SampleError, match=r'a polars DataFrame, has a column that Arrow does not read \("id"\)'):
        open_source(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), sample=frame)
