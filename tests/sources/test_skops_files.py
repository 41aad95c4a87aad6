""".skops files: what scikit-learn's estimators hold is read, any other name and any function is refused by its name.

Nodes that point outside of their tree are found before a row is asked. No such tree is ever asked here."""

from __future__ import annotations

import copy
import zipfile

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression, TweedieRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity, KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from skops import io

from isoship.errors import ModelFileError
from isoship.sources import skops_files
from isoship.sources.load import load_model
from isoship.sources.sklearn.walk.nodes import check_nodes

RNG = np.random.default_rng(2)
X = np.column_stack([RNG.integers(0, 9, 80), RNG.normal(size=80), RNG.normal(size=80)])
Y = (X[:, 0] % 2 + X[:, 1] > 0.5).astype(int)
FEW = {"n_estimators": 3, "random_state": 0}

MODELS = [
    BaggingClassifier(**FEW, max_features=2),
    CalibratedClassifierCV(DecisionTreeClassifier(), cv=2),
    GaussianProcessClassifier(),
    GradientBoostingClassifier(**FEW),
    GridSearchCV(DecisionTreeClassifier(), {"max_depth": [2, 3]}, cv=2),
    HistGradientBoostingClassifier(max_iter=3),
    IsolationForest(**FEW, max_features=2),
    KNeighborsClassifier(algorithm="ball_tree", leaf_size=5),
    KNeighborsClassifier(leaf_size=5),
    KernelDensity(),
    MLPClassifier((3,), max_iter=5),
    RandomForestClassifier(**FEW),
    StackingClassifier([("a", DecisionTreeClassifier())], cv=2),
    TweedieRegressor(),
    VotingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier())]),
    make_pipeline(FunctionTransformer(np.arctan), KBinsDiscretizer(3), LogisticRegression()),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_what_estimators_hold_is_read(tmp_path, model) -> None:
    io.dump(model.fit(X, Y), tmp_path / "m.skops")
    loaded, _ = load_model(tmp_path / "m.skops")
    method = "predict" if hasattr(model, "predict") else "score_samples"
    np.testing.assert_array_equal(getattr(loaded, method)(X), getattr(model, method)(X))


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (
            make_pipeline(SelectKBest(k=2), LogisticRegression()),
            "sklearn.feature_selection._univariate_selection.f_class",
        ),
        (make_pipeline(FunctionTransformer(np.sinc), LogisticRegression()), "numpy.sinc"),
    ],
)
def test_functions_are_refused_by_name_whatever_package_they_are_of(tmp_path, model, name) -> None:
    io.dump(model.fit(X, Y), tmp_path / "m.skops")
    with pytest.raises(ModelFileError, match=rf"trusts: {name}.*skops.io.load\(path, trusted"):
        load_model(tmp_path / "m.skops")


def test_a_document_nested_too_deeply_is_refused(tmp_path) -> None:
    with zipfile.ZipFile(tmp_path / "m.skops", "w") as archive:
        archive.writestr("schema.json", "[" * 100_000)
    with pytest.raises(ModelFileError, match="nested too deeply"):
        load_model(tmp_path / "m.skops")


@pytest.mark.parametrize(("name", "limit"), [("schema.json", "MAX_DOCUMENT"), ("1.npy", "MAX_UNPACKED")])
def test_a_file_that_unpacks_to_more_than_a_model_is_not_unpacked(tmp_path, monkeypatch, name, limit) -> None:
    monkeypatch.setattr(skops_files, limit, 100_000)
    with zipfile.ZipFile(tmp_path / "m.skops", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, bytes(200_000))
    with pytest.raises(ModelFileError, match="to 200,000 bytes"):
        load_model(tmp_path / "m.skops")


def with_nodes(tree, field, place, value):
    """A copy of a fitted DecisionTree, one of whose nodes says something else."""
    changed = copy.deepcopy(tree)
    state = changed.tree_.__getstate__()
    state["nodes"] = state["nodes"].copy()
    state["nodes"][field][place] = value
    changed.tree_ = type(changed.tree_)(3, np.array([2], np.intp), 1)
    changed.tree_.__setstate__(state)
    return changed


TREE = DecisionTreeClassifier(max_depth=3).fit(X, Y)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("left_child", 10**6),
        ("right_child", 10**6),
        ("left_child", -7),
        ("right_child", 0),
        ("feature", 3),
        ("feature", -2),
    ],
)
def test_nodes_of_a_tree_that_point_outside_are_found(tmp_path, field, value) -> None:
    assert check_nodes(TREE) is None
    made = with_nodes(TREE, field, 0, value)
    io.dump(make_pipeline(StandardScaler(), made), tmp_path / "m.skops")
    with pytest.raises(ModelFileError, match="nodes of a DecisionTreeClassifier point outside"):
        load_model(tmp_path / "m.skops")


def test_a_leaf_with_one_child_and_values_too_few_are_found() -> None:
    leaf = int(np.flatnonzero(TREE.tree_.children_left == -1)[0])
    assert check_nodes(with_nodes(TREE, "right_child", leaf, 1))
    other = DecisionTreeClassifier(max_depth=3).fit(X[:, :2], Y)
    other.n_features_in_ = 1
    assert check_nodes(other)


@pytest.mark.parametrize(("field", "value"), [("left", 10**6), ("right", 0), ("feature_idx", 3), ("bitset_idx", 99)])
def test_nodes_of_histogram_trees_that_point_outside_are_found(field, value) -> None:
    rows = np.tile(X, (6, 1))
    model = HistGradientBoostingClassifier(max_iter=3, categorical_features=[0]).fit(rows, rows[:, 0] % 2)
    assert check_nodes(model) is None
    predictor = next(each[0] for each in model._predictors if each[0].nodes["is_categorical"].any())
    place = int(np.flatnonzero(predictor.nodes["is_categorical"])[0])
    predictor.nodes[field][place] = value
    assert check_nodes(model)


@pytest.mark.parametrize("model", [RandomForestClassifier(**FEW), GradientBoostingClassifier(**FEW)])
def test_members_that_read_other_columns_than_the_ensemble_are_found(model) -> None:
    model.fit(X, Y)
    assert check_nodes(model) is None
    model.n_features_in_ = 2
    assert check_nodes(model)


def test_a_bag_that_gives_columns_which_it_has_not_is_found() -> None:
    model = BaggingClassifier(**FEW, max_features=2).fit(X, Y)
    model.estimators_features_[1] = np.array([0, 3])
    assert check_nodes(model)


def test_rows_of_a_neighbour_tree_that_are_not_there_are_found() -> None:
    model = KNeighborsClassifier(algorithm="kd_tree", leaf_size=5).fit(X, Y)
    assert check_nodes(model) is None
    state = list(model._tree.__getstate__())
    state[1] = np.asarray(state[1]).copy()
    state[1][0] = 10**6
    model._tree.__setstate__(tuple(state))
    assert check_nodes(model)
