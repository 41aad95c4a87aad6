"""`isoship predict` on Parquet: carried columns keep their types, and CSV can be written from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from isoship.errors import SampleError
from isoship.exporting import export
from isoship.scoring import predict_file

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


def test_a_file_in_another_encoding_is_said_so(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes("age,income,city\n1,2,Ærø\n".encode("latin-1"))
    with pytest.raises(SampleError, match="UTF-8"):
        predict_file(bundle, tmp_path / "latin.csv", None)
