"""`isoship predict` on Parquet: carried columns keep their types, and CSV can be written from it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression

from isoship.batch.scoring import predict as predict_file
from isoship.errors import InputError, SampleError
from isoship.exporting import export
from isoship_edge.inference.model import load

X = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0], "income": [1.0, 3.0, 2.0, 4.0]})


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = LogisticRegression().fit(X, [0, 1, 0, 1])
    return export(model, sample=X, out=tmp_path_factory.mktemp("scoring") / "b", name="b", targets=()).path


def test_columns_carried_from_parquet_keep_their_types_and_values(bundle: Path, tmp_path: Path) -> None:
    ids = pd.array([9007199254740993, None, 2, 3], dtype="Int64")
    X.assign(id=ids, tags=[["a"], ["b", "c"], [], ["d"]]).to_parquet(tmp_path / "in.parquet")
    assert predict_file(bundle, tmp_path / "in.parquet", tmp_path / "out.parquet").rows == 4
    out = pd.read_parquet(tmp_path / "out.parquet")
    assert out["id"][0] == 9007199254740993
    assert [list(t) for t in out["tags"]] == [["a"], ["b", "c"], [], ["d"]]
    assert predict_file(bundle, tmp_path / "in.parquet", tmp_path / "out.csv").rows == 4
    np.testing.assert_array_equal(pd.read_csv(tmp_path / "out.csv")["label"], out["label"])


def test_a_long_file_is_scored_in_pieces_that_make_one_table(bundle: Path, tmp_path: Path) -> None:
    chunk = load(bundle).chunk
    count = 2 * chunk + 5
    ages = np.linspace(18.0, 90.0, count)
    ids = pd.array([*range(count - 1), None], dtype="Int64")  # a null in the last piece alone
    frame = pd.DataFrame({"age": ages, "income": 2.0, "id": ids, "kind": pd.Categorical(["a"] * count)})
    frame.index = pd.Index(range(7, 7 + count))
    frame.to_parquet(tmp_path / "in.parquet")
    assert predict_file(bundle, tmp_path / "in.parquet", tmp_path / "out.parquet").rows == count
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.column_names == ["age", "income", "id", "kind", "label", "probabilities_0", "probabilities_1"]
    assert str(out.schema.field("id").type) == "int64"
    assert out["id"].to_pylist() == [*range(count - 1), None]
    want = load(bundle).predict(frame[["age", "income"]])
    np.testing.assert_array_equal(out["probabilities_1"].to_numpy(), want["probabilities"][:, 1])
    assert predict_file(bundle, tmp_path / "in.parquet", tmp_path / "out.csv").rows == count
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


WRITTEN = ["label", "probabilities_0", "probabilities_1"]


@pytest.mark.parametrize("read", ["csv", "parquet", "jsonl"])
@pytest.mark.parametrize("write", ["csv", "parquet", "stdout"])
def test_a_file_without_rows_has_the_columns_that_one_with_rows_has(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], read: str, write: str
) -> None:
    empty, source = X.assign(key="a")[:0], tmp_path / f"none.{read}"
    if read == "csv":
        empty.to_csv(source, index=False)
    elif read == "parquet":
        empty.to_parquet(source)
    else:
        source.write_text("")
    out = None if write == "stdout" else tmp_path / f"out.{write}"
    assert predict_file(bundle, source, out).rows == 0
    if write == "parquet":
        seen = pq.read_table(out)
        assert [str(t) for t in seen.schema.types[-3:]] == ["int64", "double", "double"]
        names = seen.column_names
    else:
        names = (capsys.readouterr().out if out is None else out.read_text()).strip().split(",")
    assert names == ["age", "income", *([] if read == "jsonl" else ["key"]), *WRITTEN]


def test_a_name_that_would_be_written_twice_gets_a_prefix(bundle: Path, tmp_path: Path) -> None:
    frame = X.assign(label="mine", probabilities_1="too", predicted_label=3)
    frame.to_parquet(tmp_path / "in.parquet")
    frame.to_csv(tmp_path / "in.csv", index=False)
    expected = [*frame.columns, "predicted_predicted_label", "probabilities_0", "predicted_probabilities_1"]
    want = load(bundle).predict(X)["probabilities"][:, 1]
    for read, write in [("parquet", "parquet"), ("parquet", "csv"), ("csv", "parquet"), ("csv", "csv")]:
        out = tmp_path / f"out.{write}"
        predict_file(bundle, tmp_path / f"in.{read}", out)
        exactly = {"predicted_probabilities_1": float}  # pandas 3.0 reads a last bit otherwise
        made = pd.read_parquet(out) if write == "parquet" else pd.read_csv(out, converters=exactly)
        assert list(made.columns) == expected
        assert (made["label"] == "mine").all()
        np.testing.assert_array_equal(made["predicted_probabilities_1"], want)


def test_carried_values_that_json_does_not_have_are_written_as_text(bundle: Path, tmp_path: Path) -> None:
    days = [[pd.Timestamp("2024-01-02")]] * len(X)
    X.assign(days=days, day=pd.Timestamp("2024-01-02")).to_parquet(tmp_path / "in.parquet")
    predict_file(bundle, tmp_path / "in.parquet", tmp_path / "out.csv")
    made = pd.read_csv(tmp_path / "out.csv")
    assert made["days"][0] == '["2024-01-02 00:00:00"]'
    assert made["day"][0] == "2024-01-02 00:00:00"


def test_a_parquet_file_that_lacks_a_column(bundle: Path, tmp_path: Path) -> None:
    X[["age"]].to_parquet(tmp_path / "short.parquet")
    with pytest.raises(SampleError, match="income"):
        predict_file(bundle, tmp_path / "short.parquet", None)


TEXTS = ["a\rb", "a\r\nb", "a\nb", "\u2028\x85\x0b", 'say "no"', "", None, "plain, not"]


@pytest.mark.parametrize("read", ["csv", "parquet", "jsonl"])
@pytest.mark.parametrize("write", ["csv", "parquet"])
def test_text_comes_back_as_it_was_whatever_is_read_and_written(
    bundle: Path, tmp_path: Path, read: str, write: str
) -> None:
    import csv

    rows = [{"age": 20.0 + i, "income": 1.0, "note": text} for i, text in enumerate(TEXTS)]
    source, out = tmp_path / f"in.{read}", tmp_path / f"out.{write}"
    if read == "parquet":
        pd.DataFrame(rows).to_parquet(source)
    elif read == "jsonl":
        source.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    else:
        with source.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
                [list(rows[0]), *(list(row.values()) for row in rows)]
            )
    assert predict_file(bundle, source, out).rows == len(TEXTS)
    if write == "parquet":
        seen = pq.read_table(out)["note"].to_pylist()
        assert [t or None for t in seen] == [t or None for t in TEXTS]
        return
    with out.open(newline="", encoding="utf-8") as file:
        _, *lines = csv.reader(file)
    assert [line[2] for line in lines] == [text or "" for text in TEXTS]
    assert pd.read_csv(out)["note"].fillna("").tolist() == [text or "" for text in TEXTS]
    import pyarrow.csv as arrow_csv

    read_back = arrow_csv.read_csv(out, parse_options=arrow_csv.ParseOptions(newlines_in_values=True))
    assert read_back["note"].to_pylist() == [text or "" for text in TEXTS]


def test_rows_are_read_in_one_way_whatever_is_written(bundle: Path, tmp_path: Path) -> None:
    cases = {
        "absent.jsonl": '{"age": 20, "income": 1}\n{"age": 30}\n',
        "nan.jsonl": '{"age": 20, "income": NaN}\n',
        "array.jsonl": '{"age": 20, "income": [1]}\n',
        "twice.csv": "age,income,age\n1,2,3\n",
        "short.csv": "age,income\n1\n",
        "open.csv": 'age,income\n1,"2\n',
        "date.json": '[{"age": "2020-01-01", "income": 1}]',
    }
    for name, text in cases.items():
        (tmp_path / name).write_text(text)
        seen = set()
        for out in (None, tmp_path / "out.csv", tmp_path / "out.jsonl", tmp_path / "out.parquet"):
            with pytest.raises((InputError, SampleError)) as caught:
                predict_file(bundle, tmp_path / name, out)
            seen.add(str(caught.value))
        assert len(seen) == 1, seen
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(cases)


def test_carried_columns_that_the_first_row_lacks_are_kept_and_mixed_ones_named(bundle: Path, tmp_path: Path) -> None:
    late = tmp_path / "late.jsonl"
    late.write_text('{"age": 20, "income": 1}\n{"age": 30, "income": 3, "key": "b"}\n')
    predict_file(bundle, late, tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet")["key"].to_pylist() == [None, "b"]
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text('{"age": 20, "income": 1, "key": 1}\n{"age": 30, "income": 3, "key": "b"}\n')
    with pytest.raises(SampleError, match=r'"key" holds values .* write \.jsonl'):
        predict_file(bundle, mixed, tmp_path / "other.parquet")


def test_csv_and_json_lines_become_parquet(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("age,income,zip\n20,1,0012\n30,3,0150\n")
    (tmp_path / "in.jsonl").write_text('{"age": 20, "income": 1, "n": 1}\n{"age": 30, "income": 3, "n": 1.5}\n')
    assert predict_file(bundle, tmp_path / "in.csv", tmp_path / "csv.parquet").rows == 2
    assert pq.read_table(tmp_path / "csv.parquet")["zip"].to_pylist() == ["0012", "0150"]
    assert predict_file(bundle, tmp_path / "in.jsonl", tmp_path / "jsonl.parquet").rows == 2
    assert pq.read_table(tmp_path / "jsonl.parquet")["n"].to_pylist() == [1.0, 1.5]


def test_a_file_in_another_encoding_is_said_so(bundle: Path, tmp_path: Path) -> None:
    text = "age,income,city\n1,2,Ærø\n"
    (tmp_path / "latin.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(SampleError, match=r"latin\.csv: the file is not UTF-8 \(line 2\)\. Save it as UTF-8"):
        predict_file(bundle, tmp_path / "latin.csv", None)
    (tmp_path / "wide.csv").write_bytes(text.encode("utf-16"))
    assert predict_file(bundle, tmp_path / "wide.csv", tmp_path / "out.csv").rows == 1
    assert "Ærø" in (tmp_path / "out.csv").read_text(encoding="utf-8")
