"""One table, several files: the fitted model, then `--dtype`, then the file say what a column is."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import isoship
from isoship.batch.scoring import predict as predict_file
from isoship.data import read_rows
from isoship.errors import InputError, ModelFileError, SampleError
from isoship.sources import open_source, read_files
from isoship_edge.manifest import Signature, read_manifest

N = 60
RNG = np.random.default_rng(7)
NUMBER = RNG.normal(size=N)


def written(folder: Path, frame: pd.DataFrame, ending: str) -> Path:
    path = folder / f"rows.{ending}"
    if ending == "csv":
        frame.to_csv(path, index=False)
    elif ending == "parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_json(path, orient="records", lines=True, double_precision=15)
    return path


def encoded(frame: pd.DataFrame, *, ordinal: bool = False) -> Any:
    encoder = OrdinalEncoder() if ordinal else OneHotEncoder(handle_unknown="ignore")
    columns = make_column_transformer((encoder, ["c"]), remainder="passthrough")
    return make_pipeline(columns, LogisticRegression()).fit(frame, np.arange(N) % 2)


COLUMNWISE = make_column_transformer((OneHotEncoder(), ["c"]), remainder="passthrough")

COLUMNS = {
    "whole numbers": pd.Series(RNG.integers(0, 9, N)),
    "floats that are whole": pd.Series(RNG.integers(0, 9, N).astype(float)),
    "whole numbers with a gap": pd.Series([1, None] * (N // 2), dtype="Int64"),
    "floats with a gap": pd.Series([1.5, None] * (N // 2)),
    "booleans": pd.Series([True, False] * (N // 2)),
    "narrow integers": pd.Series(RNG.integers(0, 9, N), dtype="int8"),
    "unsigned integers": pd.Series(RNG.integers(0, 9, N), dtype="uint32"),
    "words": pd.Series(["Oslo", "NA"] * (N // 2)),
    "a word and gaps": pd.Series(["Oslo", None] * (N // 2)),
    "negative numbers": pd.Series([-1, 10**15] * (N // 2)),
    "decimals": pd.Series([Decimal("1.50"), Decimal("-2.25")] * (N // 2)),
}


#: pandas writes these to JSON as whole numbers, or as a base and an exponent: other rows.
NOT_IN_JSON = ("floats that are whole", "decimals")


@pytest.mark.parametrize(
    ("ending", "kind"),
    [(ending, kind) for ending in ("csv", "jsonl") for kind in COLUMNS if ending == "csv" or kind not in NOT_IN_JSON],
)
def test_the_same_rows_give_the_same_contract_in_every_file(tmp_path: Path, kind: str, ending: str) -> None:
    frame = pd.DataFrame({"n": NUMBER, "c": COLUMNS[kind]})
    model = DummyClassifier().fit(frame.assign(c=1), np.arange(N) % 2)
    told = {}
    for each in (ending, "parquet"):
        _, sample, _ = read_files(model, written(tmp_path, frame, each), {})
        told[each] = open_source(model, sample=sample).signature
    assert told[ending] == told["parquet"]
    both = [read_rows(tmp_path / f"rows.{each}", told["parquet"]) for each in (ending, "parquet")]
    assert [row["c"] for row in both[0]] == [row["c"] for row in both[1]]


KNOWN = {
    "digits": (["1", "2"], "string"),
    "codes": (["007", "12"], "string"),
    "truth as words": (["True", "False"], "string"),
    "a mixture": (["1", "2", "x"], "string"),
    "integers": ([1, 2], "int64"),
    "floats": ([1.0, 2.0], "double"),
    "truth": ([True, False], "bool"),
}


@pytest.mark.parametrize(("ending", "ordinal"), [("csv", False), ("csv", True), ("jsonl", False), ("parquet", True)])
@pytest.mark.parametrize("kind", KNOWN)
def test_what_the_model_knows_says_how_a_file_is_read(tmp_path: Path, kind: str, ending: str, ordinal: bool) -> None:
    values, dtype = KNOWN[kind]
    frame = pd.DataFrame({"n": NUMBER, "c": pd.Series(RNG.choice(np.array(values), N))})
    model = encoded(frame, ordinal=ordinal)
    theirs = frame
    if ending == "parquet" and kind in ("digits", "integers", "floats", "truth"):  # as another tool has them
        theirs = frame.assign(c=frame["c"].astype({"digits": "int32", "truth": "int8"}.get(kind, "float64")))
    path = written(tmp_path, theirs, ending)
    _, sample, _ = read_files(model, path, {})
    source = open_source(model, sample=sample)
    column = source.signature.columns[[c.name for c in source.signature.columns].index("c")]
    assert column.dtype == dtype
    rows = read_rows(path, source.signature)
    np.testing.assert_allclose(
        source.answers(rows).outputs["probabilities"], model.predict_proba(frame), rtol=0, atol=1e-12
    )


def test_dtype_against_the_model_is_refused_with_what_the_model_knows(tmp_path: Path) -> None:
    frame = pd.DataFrame({"n": NUMBER, "c": ["1", "2"] * (N // 2)})
    with pytest.raises(SampleError, match=r"--dtype c=double: the fitted model knows this column as string \('1'"):
        read_files(encoded(frame), written(tmp_path, frame, "csv"), {"c": "double"})


def test_integers_of_an_encoder_in_a_file_with_gaps_are_doubles(tmp_path: Path) -> None:
    frame = pd.DataFrame({"n": NUMBER, "c": [1, 2] * (N // 2)})
    gaps = frame.assign(c=pd.Series([1, 2] * (N // 2), dtype="Int64").where(frame.index % 7 > 0))
    for ending in ("csv", "parquet", "jsonl"):
        _, sample, _ = read_files(encoded(frame), written(tmp_path, gaps, ending), {})
        assert str(sample["c"].dtype) == "float64"


TYPED = {
    "integers as text": ([7010, 7011], "string", ["7010", "7011"]),
    "integers with gaps as text": (pd.array([7010, None], dtype="Int64"), "string", ["7010", None]),
    "decimals as text": ([Decimal("1.50"), None], "string", ["1.50", None]),
    "truth as text": ([True, False], "string", ["True", "False"]),
    "a dictionary": (pd.Categorical(["a", None]), "string", ["a", None]),
    "truth as numbers": ([True, False], "double", [1, 0]),
    "truth with gaps as numbers": (pd.array([True, None], dtype="boolean"), "double", [1, None]),
    "truth as integers": ([True, False], "int64", [1, 0]),
    "0 and 1 as truth": ([1, 0], "bool", [True, False]),
    "0.0 and 1.0 as truth": ([1.0, 0.0], "bool", [True, False]),
    "words as truth": (["TRUE", "false"], "bool", [True, False]),
    "decimals": ([Decimal("1.50"), None], "double", [1.5, None]),
    "whole decimals": ([Decimal("15"), Decimal("2")], "int64", [15, 2]),
    "floats that are whole": ([1.0, 2.0], "int64", [1, 2]),
    "text of numbers": (["1", "2.5"], "double", [1.0, 2.5]),
}


@pytest.mark.parametrize("kind", TYPED)
def test_typed_files_are_read_by_the_signature(tmp_path: Path, kind: str) -> None:
    """At export, where `--dtype` says the type, and afterwards, where the signature does."""
    held, dtype, expected = TYPED[kind]
    frame = pd.DataFrame({"n": [1.0, 2.0], "c": held})
    model = DecisionTreeClassifier().fit(np.zeros((2, 2)), [0, 1])
    path = written(tmp_path, frame, "parquet")
    _, sample, _ = read_files(model, path, {"c": dtype})
    seen = sample["c"].astype(object).where(sample["c"].notna(), None).tolist()
    assert seen == expected
    from isoship_edge.manifest import Column, Signature

    signature = Signature("columns", (Column("n", "double"), Column("c", dtype, missing=True)))
    assert [row["c"] for row in read_rows(path, signature)] == expected


REFUSED = {
    "floats as text": ([7010.0, None], "string", "A float has no one text"),
    "dates": (pd.to_datetime(["2024-01-01", "2024-01-02"]), "string", "row 0"),
    "lists": ([[1], [2]], "double", "got an array"),
    "words as numbers": (["1", "x"], "double", 'row 1, column "c": expected a number or null, got a string "x"'),
    "2 as truth": ([1, 2], "bool", "row 1"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_a_type_cannot_hold_is_refused_by_row_and_column(tmp_path: Path, kind: str) -> None:
    held, dtype, says = REFUSED[kind]
    frame = pd.DataFrame({"n": [1.0, 2.0], "c": held})
    path = written(tmp_path, frame, "parquet")
    model = DecisionTreeClassifier().fit(np.zeros((2, 2)), [0, 1])
    with pytest.raises(SampleError, match=says):
        read_files(model, path, {"c": dtype})
    from isoship_edge.manifest import Column, Signature

    with pytest.raises(InputError, match=says):
        read_rows(path, Signature("columns", (Column("c", dtype, missing=True),)))


@pytest.mark.parametrize("model", [{"a": 1}, LogisticRegression, LogisticRegression(), [1], make_pipeline(COLUMNWISE)])
def test_what_is_no_fitted_model_is_said_before_anything_of_the_sample(tmp_path: Path, model: Any) -> None:
    path = written(tmp_path, pd.DataFrame({"n": NUMBER, "c": "a"}), "csv")
    with pytest.raises(ModelFileError):
        open_source(model, sample=path)


def test_every_guess_is_said_and_columns_that_are_not_the_models_raise_no_question(tmp_path: Path) -> None:
    frame = pd.DataFrame({"rooms": [1, 2] * (N // 2), "area": NUMBER, "garden": [True, False] * (N // 2)})
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, np.arange(N) % 2)
    path = written(tmp_path, frame.assign(zip=["007", "x"] * (N // 2)), "csv")
    _, _, notes = read_files(model, path, {})
    told = "\n".join(notes)
    for name, dtype in {"rooms": "int64", "area": "double", "garden": "bool"}.items():
        assert f"'{name}': {dtype}, a guess from rows.csv" in told
    assert "zip" not in told
    _, sample, notes = read_files(model, path, {"rooms": "double"})
    assert str(sample["rooms"].dtype) == "float64"
    assert "rooms" not in "\n".join(notes)


def damaged(path: Path, name: str) -> Path:
    """The Parquet file with the pages of one column overwritten: no reader makes values of them."""
    data = bytearray(path.read_bytes())
    group = pq.ParquetFile(path).metadata.row_group(0)
    for column in map(group.column, range(group.num_columns)):
        if column.path_in_schema == name:
            start = column.dictionary_page_offset or column.data_page_offset
            data[start + 30 : start + column.total_compressed_size] = b"\xaa" * (column.total_compressed_size - 30)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["note", "a"])
def test_only_the_columns_of_the_model_are_read_and_one_that_cannot_be_is_named(tmp_path: Path, name: str) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.normal(size=400), "b": random.normal(size=400), "note": random.normal(size=400)})
    model = LinearRegression().fit(frame[["a", "b"]], frame["a"])
    path = damaged(written(tmp_path, frame, "parquet"), name)
    out = tmp_path / "bundle"
    if name == "note":
        isoship.export(model, sample=path, out=out, targets=())
        assert len(read_rows(path, signature_of(out))) == 400
    else:
        with pytest.raises(SampleError, match=r"rows\.parquet, column 'a' cannot be read: .*Write the file again"):
            isoship.export(model, sample=path, out=out, targets=())
        isoship.export(model, sample=frame, out=out, targets=())
        with pytest.raises(SampleError, match=r"rows\.parquet, column 'a' cannot be read"):
            read_rows(path, signature_of(out))
    with pytest.raises(SampleError, match=rf"rows\.parquet, column '{name}' cannot be read.*does not need"):
        predict_file(out, path, tmp_path / "scored.parquet")
    assert not (tmp_path / "scored.parquet").exists()


def signature_of(out: Path) -> Signature:
    return read_manifest(out).signature
