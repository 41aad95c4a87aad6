"""Every objective, booster and class of XGBoost: the graph answers as the model does, raw scores to the bit.

Rows are training rows, midpoints, and rows on the model's own thresholds and one ulp beside them, in both widths, with
missing, huge, tiny and infinite values.
"""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import xgboost
from on_splits import accepted, off, plain_rows, rows_for
from onnx import numpy_helper
from xgb_tables import BINARY, POSITIVE, SMALL, THREE, X, Z

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.xgboost import links

Classifier, Regressor, Ranker = xgboost.XGBClassifier, xgboost.XGBRegressor, xgboost.XGBRanker
TARGETS = np.column_stack([Z, -Z, POSITIVE])
LABELS = np.column_stack([BINARY, Z > 1, 1 - BINARY]).astype(int)
#: XGBoost's own expf is the rounded exponential in all but a few cases; the rest is the same float32 arithmetic.
LINK_ULPS = 2
#: scipy's float32 softmax takes numpy's exp.
SCIPY_ULPS = 5


def parameters(more):
    """Those of a small model; a linear one has no depth."""
    small = {name: value for name, value in SMALL.items() if name != "max_depth" or more.get("booster") != "gblinear"}
    return {**small, **more}


def regress(objective="reg:squarederror", y=POSITIVE, **more):
    return lambda: Regressor(objective=objective, **parameters(more)).fit(X, y)


def classify(y=BINARY, **more):
    return lambda: Classifier(**parameters(more)).fit(X, y)


def rank(objective):
    return lambda: Ranker(objective=objective, **SMALL).fit(X, BINARY, qid=np.repeat(np.arange(24), 10))


def aft():
    data = xgboost.DMatrix(X)
    data.set_float_info("label_lower_bound", POSITIVE)
    data.set_float_info("label_upper_bound", POSITIVE * 1.5)
    return xgboost.train({"objective": "survival:aft", "max_depth": 3, "nthread": 1}, data, 10)


def stopped_early():
    model = Classifier(n_estimators=200, learning_rate=0.8, early_stopping_rounds=2, n_jobs=1)
    model.fit(X[:120], BINARY[:120], eval_set=[(X[120:], BINARY[120:])], verbose=False)
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
    return model


def with_missing(marker, **more):
    holes = np.where(np.random.default_rng(1).random(X.shape) < 0.1, marker, X)
    return lambda: Regressor(missing=marker, **parameters(more)).fit(holes, Z)


def native(build):
    return lambda: build().get_booster()


CODES = {"enable_categorical": True, "feature_types": ["q", "q", "q", "c", "q"]}

#: id -> (build, ulps): 0 where the prediction is the raw score or a step of it.
MODELS = {
    "squarederror": (regress(), 0),
    "squaredlogerror": (regress("reg:squaredlogerror"), 0),
    "logistic": (regress("reg:logistic", BINARY), LINK_ULPS),
    "pseudohubererror": (regress("reg:pseudohubererror"), 0),
    "absoluteerror": (regress("reg:absoluteerror"), 0),
    "quantiles": (regress("reg:quantileerror", quantile_alpha=[0.1, 0.5, 0.9]), 0),
    "one quantile": (regress("reg:quantileerror", quantile_alpha=0.9), 0),
    "gamma": (regress("reg:gamma"), LINK_ULPS),
    "tweedie": (regress("reg:tweedie"), LINK_ULPS),
    "poisson": (regress("count:poisson", np.round(POSITIVE)), LINK_ULPS),
    "cox": (regress("survival:cox", POSITIVE * np.where(BINARY, 1, -1)), LINK_ULPS),
    "aft": (aft, LINK_ULPS),
    "binary": (classify(), LINK_ULPS),
    "logitraw": (classify(objective="binary:logitraw"), 0),
    "hinge": (classify(objective="binary:hinge"), 0),
    "softprob": (classify(THREE), LINK_ULPS),
    "softmax": (classify(THREE, objective="multi:softmax"), SCIPY_ULPS),
    "rank pairwise": (rank("rank:pairwise"), 0),
    "rank ndcg": (rank("rank:ndcg"), 0),
    "rank map": (rank("rank:map"), 0),
    "random forest": (lambda: xgboost.XGBRFRegressor(n_estimators=20, n_jobs=1).fit(X, Z), 0),
    "random forest classes": (lambda: xgboost.XGBRFClassifier(n_estimators=20, n_jobs=1).fit(X, THREE), LINK_ULPS),
    "boosted forests": (classify(THREE, num_parallel_tree=3, n_estimators=4), LINK_ULPS),
    "dart": (regress(booster="dart", rate_drop=0.3), 0),
    "dart classes": (classify(THREE, booster="dart", rate_drop=0.3, skip_drop=0.2), LINK_ULPS),
    "dart native": (native(classify(THREE, booster="dart", rate_drop=0.3)), LINK_ULPS),
    "linear": (regress(booster="gblinear"), 0),
    "linear classes": (classify(THREE, booster="gblinear"), LINK_ULPS),
    "linear with -999 missing": (with_missing(-999.0, booster="gblinear"), 0),
    "several targets": (regress(y=TARGETS), 0),
    "several targets, one tree": (regress(y=TARGETS, multi_strategy="multi_output_tree"), 0),
    "several labels": (classify(LABELS), LINK_ULPS),
    "several labels, one tree": (classify(LABELS, multi_strategy="multi_output_tree"), LINK_ULPS),
    "early stopping": (stopped_early, LINK_ULPS),
    "early stopping, native": (native(stopped_early), LINK_ULPS),
    "-999 missing": (with_missing(-999.0), 0),
    "zero missing": (with_missing(0.0), 0),
    "0.1 missing": (with_missing(0.1), 0),
    "base score": (classify(base_score=0.1), LINK_ULPS),
    "exact method": (regress(tree_method="exact", gamma=0.2), 0),
    "one leaf": (regress(min_child_weight=1e6), 0),
    "codes, sets": (regress(max_cat_to_onehot=1, **CODES), 0),
    "codes, one each": (regress(max_cat_to_onehot=100, **CODES), 0),
    "native binary": (native(classify()), LINK_ULPS),
    "native softprob": (native(classify(THREE)), LINK_ULPS),
    "native softmax": (native(classify(THREE, objective="multi:softmax")), LINK_ULPS),
    "native logitraw": (native(classify(objective="binary:logitraw")), 0),
    "native hinge": (native(classify(objective="binary:hinge")), 0),
    "native poisson": (native(regress("count:poisson", np.round(POSITIVE))), LINK_ULPS),
    "native targets": (native(regress(y=TARGETS)), 0),
}


def booster_of(model):
    return model if isinstance(model, xgboost.Booster) else model.get_booster()


def rows_of(source, model):
    rows = plain_rows(source, rows_for(booster_of(model), X, count=120))
    infinite = [
        {**rows[0], name: value} for name in ("x1", "x3") for value in (np.inf, -np.inf, 1e300, 7.5, -0.5, 99.0)
    ]
    return accepted(source, rows + infinite)


@pytest.mark.parametrize(("build", "ulps"), MODELS.values(), ids=MODELS)
def test_the_graph_answers_as_the_model_does(build, ulps):
    model = build()
    source = open_source(model)
    rows = rows_of(source, model)
    assert len(rows) > 500
    away = off(source, rows)
    assert away.pop("label", 0) == 0
    assert max(away.values(), default=0.0) <= ulps, away


def planted(graph, attribute, change):
    """The graph with one number of its trees' attribute changed."""
    faulty = onnx.ModelProto.FromString(graph.SerializeToString())
    node = next(node for node in faulty.graph.node if node.op_type == "TreeEnsemble")
    held = next(one for one in node.attribute if one.name == attribute)
    if held.type == onnx.AttributeProto.TENSOR:
        held.t.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(held.t).copy()), held.t.name))
    else:
        held.ints[:] = change(np.array(held.ints)).tolist()
    return faulty


def up(splits):
    return np.nextafter(splits, np.float32(np.inf))


@pytest.mark.parametrize(
    ("attribute", "change"),
    [
        ("nodes_splits", up),
        ("nodes_missing_value_tracks_true", lambda tracks: 1 - tracks),
        ("nodes_modes", np.zeros_like),
    ],
    ids=["threshold one ulp up", "missing to the other side", "<= for <"],
)
def test_the_rows_catch_a_planted_fault(attribute, change):
    model = with_missing(np.nan)()
    source = open_source(model)
    graph = source.to_onnx()
    rows = rows_of(source, model)
    assert off(source, rows, graph)["value"] == 0
    assert off(source, rows, planted(graph, attribute, change))["value"] > 0


def test_a_row_alone_is_answered_as_among_others():
    model = classify(THREE)()
    source = open_source(model)
    rows = rows_of(source, model)[::40]
    together = source.answers(rows).outputs["probabilities"]
    alone = np.concatenate([source.answers([row]).outputs["probabilities"] for row in rows])
    np.testing.assert_array_equal(alone, together)


def test_infinity_is_accepted_where_xgboost_accepts_it():
    assert all(column.infinity for column in open_source(regress()()).signature.columns)
    assert not any(column.infinity for column in open_source(native(regress())()).signature.columns)


def test_an_unknown_objective_is_refused(monkeypatch):
    source = open_source(regress()())
    monkeypatch.delitem(links.LINKS, "reg:squarederror")
    with pytest.raises(UnsupportedModelError, match="reg:squarederror"):
        source.to_onnx()


def test_a_custom_objective_answers_raw_scores():
    def squared(y, predicted):
        return predicted - y, np.ones_like(y)

    model = Regressor(objective=squared, **SMALL).fit(X, Z)
    source = open_source(model)
    assert off(source, rows_of(source, model)) == {"value": 0.0}


def test_tolerances_name_what_float32_leaves_open():
    exact = open_source(regress()())
    linked = open_source(regress("reg:gamma")())
    probabilities = open_source(classify()())
    assert exact.double_tolerances == {}
    assert "float32" in linked.double_tolerances["value"].reason
    assert probabilities.double_tolerances["probabilities"].atol == 2.0**-23
