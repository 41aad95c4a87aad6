"""CSV samples of boosters on categories that look like something else: the model's own categories say what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isoship.data import read_rows
from isoship.sources import open_source, read_files

N = 80
RNG = np.random.default_rng(5)
WORDS: dict[str, Any] = {
    "digits": ["1", "2", "3"],
    "codes": ["01", "02", "7"],
    "truth": ["True", "False"],
    "other truth": ["true", "TRUE", "no"],
    "missing": ["NA", "nan", "None"],
    "numbers and words": ["1", "2", "x"],
    "fractions": ["1.0", "1.50", "2"],
    "integers": [1, 2, 3],
}


def lightgbm_model(frame: pd.DataFrame, y: Any) -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(n_estimators=4, min_child_samples=2, verbose=-1).fit(frame.astype({"c": "category"}), y)


def lightgbm_booster(frame: pd.DataFrame, y: Any) -> Any:
    return lightgbm_model(frame, y).booster_


def xgboost_model(frame: pd.DataFrame, y: Any) -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=4, enable_categorical=True).fit(frame.astype({"c": "category"}), y)


def catboost_model(frame: pd.DataFrame, y: Any) -> Any:
    from catboost import CatBoostClassifier

    return CatBoostClassifier(iterations=4, verbose=False, allow_writing_files=False, cat_features=["c"]).fit(frame, y)


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("train", [lightgbm_model, lightgbm_booster, xgboost_model, catboost_model])
def test_categories_in_a_csv_are_what_the_model_was_trained_on(tmp_path: Path, train: Any, words: str) -> None:
    values = RNG.choice(np.array(WORDS[words], dtype=object), N)
    frame = pd.DataFrame({"c": pd.Series(values.tolist()), "x": RNG.normal(size=N)})
    y = ((frame["c"] == WORDS[words][0]) * 2 + frame["x"] > 0.7).astype(int)
    model = train(frame, y)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    _, sample, _ = read_files(model, tmp_path / "rows.csv", {})
    source = open_source(model, sample=sample)
    rows = read_rows(tmp_path / "rows.csv", source.signature)
    asked = frame if train is catboost_model else frame.astype({"c": "category"})
    expected = model.predict(asked) if train is lightgbm_booster else model.predict_proba(asked)[:, 1]
    np.testing.assert_allclose(source.answers(rows).outputs["probabilities"][:, 1], expected, rtol=0, atol=1e-7)
    if train is not lightgbm_model:
        return
    again = open_source(model, sample=frame.astype({"c": "category"}))
    assert source.signature == again.signature
