"""skl2onnx belongs to everybody in the process: a user's own conversions are the same before, after and beside ours."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest
import skl2onnx
from skl2onnx._supported_operators import sklearn_operator_name_map
from skl2onnx.common import _registration
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    RandomTreesEmbedding,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

import isoship
from isoship.sources.sklearn.walk.registry import carried

FEW = {"n_estimators": 3, "random_state": 0}
MODELS = [
    AdaBoostClassifier(**FEW),
    AdaBoostRegressor(**FEW),
    BaggingClassifier(**FEW),
    BaggingRegressor(**FEW),
    DecisionTreeClassifier(),
    DecisionTreeRegressor(),
    ExtraTreeClassifier(),
    ExtraTreeRegressor(),
    ExtraTreesClassifier(**FEW),
    ExtraTreesRegressor(**FEW),
    GradientBoostingClassifier(**FEW),
    GradientBoostingRegressor(**FEW),
    HistGradientBoostingClassifier(max_iter=3),
    HistGradientBoostingRegressor(max_iter=3),
    IsolationForest(**FEW),
    RandomForestClassifier(**FEW),
    RandomForestRegressor(**FEW),
    RandomTreesEmbedding(**FEW, sparse_output=False),
]
X = np.random.default_rng(3).normal(size=(60, 4))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def users_own(model) -> bytes:
    opsets = {"": 18, "ai.onnx.ml": 3}  # IsolationForest is not carried by newer ones
    return bytes(skl2onnx.to_onnx(model, X[:1].astype(np.float32), target_opset=opsets).SerializeToString())


def registries() -> list[dict]:
    return [dict(_registration._converter_pool), dict(_registration._shape_calculator_pool), sklearn_operator_name_map]


def test_every_family_is_here() -> None:
    homes = tuple(f"isoship.sources.sklearn.converters.{module}" for module in ("ensemble.", "tree"))
    found = {name for name, converter in carried().items() if converter.__module__.startswith(homes)}
    of_others = {f"{way}{kind}" for way in ("Stacking", "Voting") for kind in ("Classifier", "Regressor")}
    assert {type(model).__name__ for model in MODELS} == found - of_others


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_the_users_own_file_is_the_same_before_and_after(model) -> None:
    model.fit(X, Y)
    before, registered = users_own(model), [dict(each) for each in registries()]
    isoship.to_onnx(model, sample=X)
    assert users_own(model) == before
    assert registries() == registered
    onnxruntime.InferenceSession(before, providers=["CPUExecutionProvider"])


def test_what_goes_through_skl2onnx_leaves_its_registries_as_they_are() -> None:
    model, forest = GaussianProcessRegressor(alpha=0.1).fit(X, Y), RandomForestClassifier(**FEW).fit(X, Y)
    before, registered = users_own(forest), [dict(each) for each in registries()]
    isoship.to_onnx(model, sample=X)
    assert registries() == registered
    assert users_own(forest) == before


def test_and_beside_ours_in_another_thread() -> None:
    model = RandomForestClassifier(**FEW).fit(X, Y)
    before, ours = users_own(model), isoship.to_onnx(model, sample=X).SerializeToString()
    with ThreadPoolExecutor(2) as pool:
        beside = [pool.submit(users_own, model) for _ in range(8)]
        again = [pool.submit(lambda: isoship.to_onnx(model, sample=X).SerializeToString()) for _ in range(2)]
        assert {each.result() for each in beside} == {before}
        assert {each.result() for each in again} == {ours}
