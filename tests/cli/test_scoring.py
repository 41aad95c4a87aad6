"""`isoship predict` on Parquet: carried columns keep their types, and CSV can be written from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression

from isoship.errors import InputError, SampleError
from isoship.exporting import export
from isoship.scoring import predict_file
from isoship_edge.model import load

X = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0], "income": [1.0, 3.0, 2.0, 4.0]})


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = LogisticRegression().fit(X, [0, 1, 0, 1])
    return export(model, sample=X, out=tmp_path_factory.mktemp("scoring") / "b", name="b", targets=()).path


def test_columns_carried_from_parquet_keep_their_types_and_values(bundle: Path, tmp_path: Path) -> None:
    ids = pd.array([9007199254740993, None, 2, 3], dtype="Int64")
    X.assign(id=ids, tags=[["a"], ["b", "c"], [], ["d"]]).to_parquet(tmp_path / "in.parquet")
    assert predict_file(bundle, tmp_path / "in.parquet", tmp_path / "out.parquet") == 4
    out = pd.read_parquet(tmp_path / "out.parquet")
    assert out["id"][0] == 9007199254740993
    assert [list(t) for t in out["tags"]] == [["a"], ["b", "c"], [], ["d"]]
    assert predict_file(bundle, tmp_path / "in.parquet", tmp_path / "out.csv") == 4
    np.testing.assert_array_equal(pd.read_csv(tmp_path / "out.csv")["label"], out["label"])


def test_a_long_file_is_scored_in_pieces_that_make_one_table(bundle: Path, tmp_path: Path) -> None:
    chunk = load(bundle).chunk
    count = 2 * chunk + 5
    ages = np.linspace(18.0, 90.0, count)
    ids = pd.array([*range(count - 1), None], dtype="Int64")  # a null in the last piece alone
    frame = pd.DataFrame({"age": ages, "income": 2.0, "id": ids, "kind": pd.Categorical(["a"] * count)})
    frame.index = pd.Index(range(7, 7 + count))
    frame.to_parquet(tmp_path / "in.parquet")
    assert predict_file(bundle, tmp_path / "in.parquet", tmp_path / "out.parquet") == count
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.column_names == ["age", "income", "id", "kind", "label", "probabilities_0", "probabilities_1"]
    assert str(out.schema.field("id").type) == "int64"
    assert out["id"].to_pylist() == [*range(count - 1), None]
    want = load(bundle).predict(frame[["age", "income"]])
    np.testing.assert_array_equal(out["probabilities_1"].to_numpy(), want["probabilities"][:, 1])
    assert predict_file(bundle, tmp_path / "in.parquet", tmp_path / "out.csv") == count
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert len(lines) == count + 1
    assert lines[1].split(",")[2] == "0"
    assert lines[-1].split(",")[2] == ""


def test_a_refused_row_of_a_late_piece_is_named_by_its_place_and_nothing_is_left(bundle: Path, tmp_path: Path) -> None:
    count = load(bundle).chunk + 3
    frame = pd.DataFrame({"age": [30.0] * (count - 1) + [np.nan], "income": 1.0})
    frame.to_parquet(tmp_path / "in.parquet")
    with pytest.raises(InputError, match=f"row {count - 1}, column"):
        predict_file(bundle, tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.parquet"]


def test_parquet_without_rows_and_with_a_column_that_would_be_written_twice(bundle: Path, tmp_path: Path) -> None:
    X[:0].to_parquet(tmp_path / "none.parquet")
    assert predict_file(bundle, tmp_path / "none.parquet", tmp_path / "out.parquet") == 0
    assert pq.read_table(tmp_path / "out.parquet").column_names == ["age", "income"]
    X.assign(label=1).to_parquet(tmp_path / "twice.parquet")
    with pytest.raises(InputError, match='"label" already'):
        predict_file(bundle, tmp_path / "twice.parquet", tmp_path / "out.parquet")
    X[["age"]].to_parquet(tmp_path / "short.parquet")
    with pytest.raises(SampleError, match="income"):
        predict_file(bundle, tmp_path / "short.parquet", None)


def test_csv_and_json_lines_become_parquet(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("age,income,zip\n20,1,0012\n30,3,0150\n")
    (tmp_path / "in.jsonl").write_text('{"age": 20, "income": 1, "n": 1}\n{"age": 30, "income": 3, "n": 1.5}\n')
    assert predict_file(bundle, tmp_path / "in.csv", tmp_path / "csv.parquet") == 2
    assert pq.read_table(tmp_path / "csv.parquet")["zip"].to_pylist() == ["0012", "0150"]
    assert predict_file(bundle, tmp_path / "in.jsonl", tmp_path / "jsonl.parquet") == 2
    assert pq.read_table(tmp_path / "jsonl.parquet")["n"].to_pylist() == [1.0, 1.5]


def test_a_file_in_another_encoding_is_said_so(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes("age,income,city\n1,2,Ærø\n".encode("latin-1"))
    with pytest.raises(SampleError, match="UTF-8"):
        predict_file(bundle, tmp_path / "latin.csv", None)
