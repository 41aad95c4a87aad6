"""Behind logarithms and their kin a tree's thresholds are settled to a few ulp; on exact columns to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_wine
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomTreesEmbedding,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_approximation import AdditiveChi2Sampler, Nystroem, SkewedChi2Sampler
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, RadiusNeighborsRegressor
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    Normalizer,
    OneHotEncoder,
    PowerTransformer,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import isoship
from isoship.errors import UnsupportedModelError
from isoship.exporting import export
from isoship.sources import open_source
from isoship.sources.sklearn.truth.nudged import _moved, jumping_rows, refusal

X, Y = load_wine(return_X_y=True, as_frame=True)
X = X[["alcohol", "malic_acid", "flavanoids", "hue", "proline"]]
LOG = FunctionTransformer(np.log1p, feature_names_out="one-to-one")


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(LOG, RandomForestClassifier(10, random_state=0)),
        make_pipeline(PowerTransformer(), HistGradientBoostingClassifier(max_iter=5)),
        make_pipeline(
            make_column_transformer((make_pipeline(LOG, StandardScaler()), ["proline"]), remainder="passthrough"),
            RandomForestClassifier(10, random_state=0),
        ),
        make_pipeline(
            QuantileTransformer(output_distribution="normal", n_quantiles=50), DecisionTreeClassifier(random_state=0)
        ),
    ],
    ids=["log1p", "yeo-johnson", "one column", "normal quantiles"],
)
def test_a_tree_behind_a_rounding_step_is_exported(model: Any, tmp_path: Any) -> None:
    """Rows on its thresholds are ties: 17 of them were flips once, and no bundle was written."""
    made = export(model.fit(X, Y), sample=X, out=tmp_path / "bundle", targets=(), name="wine")
    (verdict,) = [v for v in made.report.verdicts if v.name == "onnxruntime"]
    assert verdict.status == "agree"
    assert 0 < verdict.ties < 0.4 * verdict.rows


@pytest.mark.parametrize(
    "steps",
    [
        (LOG, Binarizer(threshold=np.log1p(5.0)), LogisticRegression()),
        (LOG, KBinsDiscretizer(4, strategy="uniform", encode="ordinal"), LogisticRegression()),
        (Nystroem(gamma=0.1, n_components=10, random_state=0), DecisionTreeClassifier(random_state=0)),
        (SkewedChi2Sampler(n_components=10, random_state=0), DecisionTreeClassifier(random_state=0)),
        (AdditiveChi2Sampler(), DecisionTreeClassifier(random_state=0)),
        (Nystroem(gamma=0.1, n_components=5, random_state=0), BaggingClassifier(n_estimators=5, random_state=0)),
    ],
    ids=["threshold", "bins", "kernel", "skewed", "additive", "bag"],
)
def test_every_jump_behind_a_rounding_step_has_one_rule(steps: Any, tmp_path: Any) -> None:
    """Some had, and the others were exported or "the conversion is at fault" by the threshold's value."""
    table = np.round(np.random.default_rng(0).uniform(0, 10, (200, 3)), 1)
    model = make_pipeline(*steps).fit(table, (table[:, 0] > 5) ^ (table[:, 1] > 3))
    made = export(model, sample=table, out=tmp_path / "bundle", targets=(), name="jump")
    (verdict,) = [v for v in made.report.verdicts if v.name == "onnxruntime"]
    assert (verdict.status, verdict.flips) == ("agree", 0)
    assert verdict.ties < 0.2 * verdict.rows


LOGS = np.round(np.linspace(0.1, 9.9, 99), 1)
TABLE = np.column_stack([np.random.default_rng(i).permutation(LOGS) for i in range(3)])
FRAME = pd.DataFrame(TABLE, columns=list("abc"))
CLASSES = (TABLE[:, 0] > 5) ^ (TABLE[:, 1] > 3)
SUMS = TABLE @ [1.0, 2.0, 3.0]


def edges(most: int = 3) -> list[Binarizer]:
    """Thresholds that are values of rows, and that ONNX Runtime's logarithm of those rows is above by a last bit."""
    column = LOGS.reshape(-1, 1)
    graph = open_source(make_pipeline(LOG).fit(column), sample=column).to_onnx()
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    (got,) = session.run(None, {session.get_inputs()[0].name: column})
    above = np.flatnonzero(got[:, 0] > np.log1p(column)[:, 0])
    assert len(above)
    return [Binarizer(threshold=edge) for edge in np.log1p(LOGS[above[:most]])]


EDGES = edges()


def tree_behind_log(regressor: bool = False) -> Any:
    kind = DecisionTreeRegressor if regressor else DecisionTreeClassifier
    return make_pipeline(LOG, kind(max_depth=4, random_state=0))


@pytest.mark.parametrize(
    ("model", "target"),
    [
        (make_pipeline(make_column_transformer((make_pipeline(LOG, KBinsDiscretizer(4, strategy="uniform")), ["a"]),
                                               remainder="passthrough"), LogisticRegression()), CLASSES),
        (CalibratedClassifierCV(tree_behind_log(), cv=2), CLASSES),
        (VotingClassifier([("tree", tree_behind_log()), ("line", LogisticRegression())], voting="soft"), CLASSES),
        (StackingClassifier([("tree", tree_behind_log()), ("line", LogisticRegression())], cv=2), CLASSES),
        (StackingClassifier([("line", LogisticRegression())], final_estimator=DecisionTreeClassifier(max_depth=4),
                            cv=2), CLASSES),
        (BaggingRegressor(tree_behind_log(regressor=True), n_estimators=3, random_state=0), SUMS),
        (OneVsRestClassifier(tree_behind_log()), np.digitize(SUMS, [20, 35])),
        (GridSearchCV(tree_behind_log(), {"decisiontreeclassifier__max_depth": [3, 4]}, cv=2), CLASSES),
        (MultiOutputRegressor(tree_behind_log(regressor=True)), np.column_stack([SUMS, -(SUMS**2)])),
    ],
    ids=["in a table's branch", "calibrated", "voting", "stacked", "behind a stack", "bag", "one vs rest", "search",
         "several targets"],
)  # fmt: skip
def test_the_rule_holds_wherever_the_jump_is(model: Any, target: Any, tmp_path: Any) -> None:
    """The jump behind its rounding step inside another estimator had no rule, and "the conversion is at fault"."""
    sample = FRAME.iloc[:, :3] if "columntransformer" in str(model).lower() else TABLE
    made = export(model.fit(sample, target), sample=sample, out=tmp_path / "bundle", targets=(), name="jump")
    (verdict,) = [v for v in made.report.verdicts if v.name == "onnxruntime"]
    assert (verdict.status, verdict.flips) == ("agree", 0)


@pytest.mark.parametrize(
    "steps",
    [
        (Normalizer(), DecisionTreeClassifier(random_state=0)),
        (TruncatedSVD(3, random_state=0), DecisionTreeClassifier(random_state=0)),
        (TfidfTransformer(), Binarizer(threshold=0.6), DecisionTreeClassifier(random_state=0)),
    ],
    ids=["norms", "projection", "tf-idf"],
)
def test_sparse_rows_before_a_jump_are_ties_like_others(steps: Any) -> None:
    """What a sparse matrix stores was never moved, so rows on the jump were flips."""
    sample = FRAME.assign(d=np.resize(list("uvwxyz"), len(FRAME)))
    table = make_column_transformer((OneHotEncoder(), ["d"]), remainder="passthrough", sparse_threshold=1.0)
    model = make_pipeline(table, *steps).fit(sample, CLASSES)
    low, high = sample.assign(a=0.1), sample.assign(a=9.9)
    turning = (model.predict_proba(low) != model.predict_proba(high)).any(axis=1)
    assert turning.any()
    row = sample[turning].iloc[:1]
    ends = [0.1, 9.9]
    first = model.predict_proba(row.assign(a=0.1))
    while (middle := sum(ends) / 2) not in ends:
        ends[int((model.predict_proba(row.assign(a=middle)) != first).any())] = middle
    near = jumping_rows(model, ["predict_proba"], pd.concat([row.assign(a=end) for end in ends]))
    assert near is not None
    assert near.all()
    away = jumping_rows(model, ["predict_proba"], row.assign(a=ends[0] * (1 - 1e-9)))
    assert away is not None
    assert not away.any()


@pytest.mark.parametrize("function", [np.log1p, np.tanh, np.cos], ids=lambda function: str(function.__name__))
@pytest.mark.parametrize(
    "last",
    [
        KNeighborsClassifier(3),
        KNeighborsRegressor(3, weights="distance"),
        RadiusNeighborsRegressor(1.0),
        make_pipeline(SplineTransformer(degree=1, extrapolation="constant"), Ridge()),
        IsotonicRegression(out_of_bounds="clip"),
    ],
    ids=["neighbours", "weighted", "radius", "knots", "isotonic"],
)
def test_neighbours_knots_and_isotonic_steps_behind_functions(function: Any, last: Any, tmp_path: Any) -> None:
    """Two tanh values of rows may be neighbours to the last bit, and their targets far from each other."""
    rows = TABLE[:, :1] if isinstance(last, IsotonicRegression) else TABLE
    model = make_pipeline(FunctionTransformer(function), last)
    model.fit(rows, CLASSES if isinstance(last, KNeighborsClassifier) else SUMS)
    told = ("", True)
    try:
        made = export(model, sample=rows, out=tmp_path / "bundle", targets=(), name="jump")
    except UnsupportedModelError as err:
        told = (err.step, f"FunctionTransformer({function.__name__})" in err.why)
    else:
        (verdict,) = [v for v in made.report.verdicts if v.name == "onnxruntime"]
        assert verdict.ties < 0.05 * verdict.rows
    assert told in (("", True), ("pipeline.steps[1] -> IsotonicRegression(out_of_bounds='clip')", True))


@pytest.mark.parametrize(
    ("model", "step", "function"),
    [
        (make_pipeline(LOG, make_union(*EDGES), LogisticRegression()),
         "pipeline.steps[1] -> featureunion.transformer_list[", "log1p"),
        (make_pipeline(make_column_transformer(*[(make_pipeline(LOG, edge), [0]) for edge in EDGES],
                                               remainder="passthrough"), LogisticRegression()),
         "pipeline.steps[0] -> columntransformer.transformers[", "log1p"),
        (VotingClassifier([("edges", make_pipeline(LOG, make_union(*EDGES), LogisticRegression())),
                           ("bayes", GaussianNB())], voting="soft"),
         "votingclassifier.estimators_[0] -> pipeline.steps[1]", "log1p"),
        (make_pipeline(LOG, FunctionTransformer(np.expm1), FunctionTransformer(np.floor), LogisticRegression()),
         "pipeline.steps[2] -> FunctionTransformer(func=<ufunc 'floor'>)", "expm1"),
    ],
    ids=["edges", "edges in branches", "edges in a vote", "floor"],
)  # fmt: skip
def test_rows_of_the_sample_on_a_jump_are_refused_by_name(model: Any, step: str, function: str, tmp_path: Any) -> None:
    """They were ties, so the bundle answered rows that people have with another number."""
    rows = np.floor(TABLE) if "floor" in step else TABLE
    with pytest.raises(UnsupportedModelError, match=r"np\.round\(\.\.\., 12\)") as refused:
        export(model.fit(rows, CLASSES), sample=rows, out=tmp_path / "bundle", targets=(), name="jump")
    assert refused.value.step.startswith(step)
    assert f"FunctionTransformer({function})" in refused.value.why
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(LOG, Binarizer(threshold=np.log1p(3)), LogisticRegression()),
        make_pipeline(LOG, KBinsDiscretizer(4, strategy="quantile"), LogisticRegression()),
        make_pipeline(LOG, BernoulliNB(binarize=np.log1p(5.1))),
        make_pipeline(LOG, SimpleImputer(missing_values=float(np.log1p(5.1))), LogisticRegression()),
        make_pipeline(FunctionTransformer(np.sin), HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=1)),
        make_pipeline(FunctionTransformer(np.cos), HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=1)),
    ],
    ids=["threshold", "quantiles", "Bernoulli", "a number for missing", "sine", "cosine"],
)
@pytest.mark.filterwarnings("ignore:.*quantile_method:FutureWarning")
def test_rows_of_the_sample_are_answered_or_refused(model: Any, tmp_path: Any) -> None:
    """Whether the last bit of a value differs is the machine's; that no row is answered otherwise is ours."""
    hours = np.tile(2 * np.pi * np.arange(24) / 24, (3, 12)).T
    rows = hours if "sin" in str(model) or "cos" in str(model) else TABLE
    model.fit(rows, np.resize(CLASSES, len(rows)))
    try:
        export(model, sample=rows, out=tmp_path / "bundle", targets=(), name="jump")
    except UnsupportedModelError as err:
        told = (err.step.partition(" ->")[0], "last bits" in err.why)
    else:
        told = None
    if told is not None:
        assert told == ("pipeline.steps[1]", True)
        return
    got = isoship.load(tmp_path / "bundle").predict(rows)
    np.testing.assert_array_equal(got["label"], model.predict(rows))
    np.testing.assert_allclose(got["probabilities"], model.predict_proba(rows), rtol=0, atol=1e-9)


def test_a_model_is_as_it_was_after_it_was_asked() -> None:
    """A step that rounds, jumps and stands in two places answers through others for a while."""
    forest = make_pipeline(LOG, RandomForestClassifier(3, random_state=0))
    stack = StackingClassifier([("one", forest)], final_estimator=DecisionTreeClassifier(max_depth=2), cv=2)
    model = VotingClassifier([("one", stack), ("two", stack)], voting="soft").fit(TABLE, CLASSES)
    stack = model.estimators_[0]
    model.estimators_ = [stack, stack]
    steps = [*(step for _, step in stack.estimators_[0].steps), stack.final_estimator_]
    before = [set(vars(step)) for step in steps]
    assert jumping_rows(model, ["predict_proba"], TABLE) is not None
    assert refusal(model, ["predict_proba"], TABLE[:1]).step.startswith("votingclassifier.estimators_[0] -> ")
    assert [set(vars(step)) for step in steps] == before


def on_thresholds(model: Any, column: str) -> pd.DataFrame:
    """Every row for each threshold of the column: where numbers begin to be rounded to a float32 above it."""
    tree = model[-1].tree_
    names = [str(name).rpartition("__")[2] for name in model[:-1].get_feature_names_out()]
    marks = tree.threshold[tree.feature == names.index(column)]
    assert len(marks)
    below = [
        np.float32(mark) if np.float32(mark) <= mark else np.nextafter(np.float32(mark), -np.inf) for mark in marks
    ]
    middle = [(float(b) + float(np.nextafter(b, np.float32(np.inf)))) / 2 for b in below]
    return pd.concat([X.assign(**{column: value}) for value in middle])


def test_thresholds_of_exact_columns_are_settled() -> None:
    columns = make_column_transformer((LOG, ["proline"]), remainder="passthrough")
    model = make_pipeline(columns, DecisionTreeClassifier(random_state=0)).fit(X, Y)
    rows = on_thresholds(model, "flavanoids")
    found = jumping_rows(model, ["predict"], rows)
    assert found is not None
    assert not found.any()
    rows = on_thresholds(model, "proline")
    rows["proline"] = np.expm1(rows["proline"])
    near = jumping_rows(model, ["predict_proba"], rows)
    assert near is not None
    assert near.any()
    away = jumping_rows(model, ["predict_proba"], rows.assign(proline=rows["proline"] * (1 + 1e-9)))
    assert away is not None
    assert not away.any()


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), RandomForestClassifier(5)),
        make_pipeline(LOG, LogisticRegression()),
        RandomForestClassifier(5),
    ],
    ids=["scaler", "no tree", "alone"],
)
def test_models_without_such_a_tree_have_no_jumps(model: Any) -> None:
    assert jumping_rows(model.fit(X, Y), ["predict"], X) is None
    rows = X.iloc[:3].to_dict("records")
    assert np.isfinite(open_source(model, sample=X).answers(rows).margin).all()


@pytest.mark.parametrize("sparse", [True, False])
def test_leaves_as_a_matrix(sparse: bool) -> None:
    """A sparse answer is no array."""
    model = make_pipeline(LOG, RandomTreesEmbedding(3, sparse_output=sparse)).fit(X)
    assert jumping_rows(model, ["transform"], X.iloc[:4]) is not None


def test_numbers_at_the_end_of_float32_stay_where_they_are() -> None:
    """A step up from there would be refused by the tree."""
    end = 3.4028235677973362e38
    moved = _moved(np.array([[end, 1.0]]), np.array([1.0, 1.0]), 0.0)
    assert moved[0, 0] == end
    assert moved[0, 1] > 1
