"""Whose bits a row program has: the model's own without sums in an order of BLAS's and functions of the C library, and
the same ones on every platform where the manifest does not name an output."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, PoissonRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, QuantileTransformer, RobustScaler, StandardScaler
from sklearn.tree import DecisionTreeRegressor

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks/ is no part of the distribution

from benchmarks.row_program.another_libm import another_libm
from benchmarks.row_program.examine import SUMS

from isoship.row_program.program import row_program_of
from isoship.sources import open_source
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.encoding.documents import parsed
from isoship_edge.inference.tensor import values
from isoship_edge.rows import RowProgram

RNG = np.random.default_rng(11)
X = RNG.normal([0, 50, 3], [1, 12, 0.5], (300, 3))
GAPPY = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
#: A unit at a probability's scale, whatever its size.
UNIT = 2.0**-52


def answered(model: Any, x: Any) -> tuple[Any, dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What is written, and answers for each row of x: the model's, the row program's, and its on another C library."""
    source = open_source(model, sample=x)
    written = row_program_of(source.to_onnx())
    document, binary = parsed(written.files["rows.json"]), written.files.get("rows.bin", b"")
    rows = [
        {name: None if value != value else value for name, value in zip(("x0", "x1", "x2"), row, strict=True)}
        for row in x[:120].tolist()
    ]
    program = RowProgram(document, binary)
    with another_libm() as evaluator:
        elsewhere = evaluator(document, binary)
    inputs = [{n: t.data for n, t in decode_rows([row], source.signature).items()} for row in rows]
    here, there = ([each(one) for one in inputs] for each in (program, elsewhere))
    flat = [{n: np.array([values(one[n]) for one in made]) for n in program.outputs} for made in (here, there)]
    expected = {n: a.reshape(len(rows), -1) for n, a in source.answers(rows).outputs.items()}
    return written, expected, flat[0], flat[1]


@pytest.mark.parametrize(
    ("model", "x"),
    [
        (DecisionTreeRegressor(random_state=0), X),
        (RandomForestClassifier(20, random_state=0), X),
        (ExtraTreesRegressor(20, random_state=0), GAPPY),
        (GradientBoostingRegressor(n_estimators=40, random_state=0), X),
        (HistGradientBoostingRegressor(max_iter=40, random_state=0), GAPPY),
        (xgboost.XGBRegressor(n_estimators=40), GAPPY),
        (lightgbm.LGBMRegressor(n_estimators=40, verbose=-1), GAPPY),
        (catboost.CatBoostRegressor(iterations=40, verbose=0), GAPPY),
        (StandardScaler(), GAPPY),
        (make_pipeline(RobustScaler(), MinMaxScaler()), GAPPY),
        (make_pipeline(StandardScaler(), PolynomialFeatures(2)), X),
        (QuantileTransformer(n_quantiles=50), X),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, np.ndarray) else "",
)
def test_trees_sums_of_trees_and_scalers_have_the_model_s_own_bits(model: Any, x: Any) -> None:
    target = (X[:, 0] > 0).astype(int) if "Classifier" in type(model).__name__ else X[:, 0] * X[:, 2]
    written, expected, here, there = answered(model.fit(x, target), x)
    assert not SUMS.intersection(written.operators)
    assert written.libm == ()
    for name, want in expected.items():
        np.testing.assert_array_equal(here[name], want)
        np.testing.assert_array_equal(here[name], there[name])


@pytest.mark.parametrize(
    ("model", "x", "libm"),
    [
        (make_pipeline(StandardScaler(), LogisticRegression()), X, ("probabilities",)),
        (HistGradientBoostingClassifier(max_iter=20, random_state=0), GAPPY, ("probabilities",)),
        (xgboost.XGBClassifier(n_estimators=40), GAPPY, ("probabilities",)),
        (lightgbm.LGBMClassifier(n_estimators=40, verbose=-1), GAPPY, ("probabilities",)),
        (catboost.CatBoostClassifier(iterations=40, verbose=0), GAPPY, ("probabilities",)),
        (PoissonRegressor(), X, ("value",)),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, np.ndarray) else "",
)
@pytest.mark.parametrize("classes", [2, 3])
def test_another_c_library_moves_what_the_manifest_names_by_4_ulp_at_most(
    model: Any, x: Any, libm: tuple[str, ...], classes: int
) -> None:
    target = np.digitize(X[:, 0] + X[:, 2], [3, 4][: classes - 1])
    written, expected, here, there = answered(model.fit(x, target), x)
    assert written.libm == libm
    for name in expected:
        if name in libm:
            in_doubles = not type(model).__name__.startswith("XGB")  # float32 hides what a double's last bit does
            assert (here[name] != there[name]).any() or not in_doubles, "the other library has other bits"
            far = np.abs(here[name] - there[name]) / np.maximum(1.0, np.abs(here[name]))
            assert far.max() <= 4 * UNIT
        else:
            np.testing.assert_array_equal(here[name], there[name])
