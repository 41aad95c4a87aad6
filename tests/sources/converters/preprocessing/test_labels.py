"""LabelBinarizer over a column of strings or integers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from comparison import compare, odd_rows, rows_of
from sklearn.preprocessing import LabelBinarizer

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source

TEXT = np.array(["a", "b", "ç"])[np.arange(30) % 3]


def test_every_class_has_its_column_and_unseen_ones_none() -> None:
    model = LabelBinarizer(neg_label=-2, pos_label=5).fit(TEXT)
    x = pd.DataFrame({"y": TEXT})
    source = open_source(model, sample=x)
    graph, rows = source.to_onnx(), rows_of(source, x)
    for batch in (rows, rows[:1], *([row] for row in odd_rows(source, rows))):
        compare(source, batch, graph=graph)


@pytest.mark.parametrize("y", [TEXT[TEXT != "ç"], np.arange(30.0) % 3])
def test_two_classes_and_numbers_are_refused(y) -> None:
    sample = pd.DataFrame({"y": y}) if y.dtype.kind == "U" else y.reshape(-1, 1)
    source = open_source(LabelBinarizer().fit(y.astype(int) if y.dtype.kind == "f" else y), sample=sample)
    with pytest.raises(UnsupportedModelError, match="OneHotEncoder"):
        source.to_onnx()
