"""One-hot encodings of many categories before a matrix product: coefficients are looked up, not multiplied."""

import warnings

import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder, StandardScaler

import isoship
from isoship.onnx.live_bytes import bytes_a_row
from isoship.rows.columns import feeds_from_rows
from isoship.sources import open_source

_COUNT = 600


def _table(rows: int, seed: int = 3, *, missing: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    article = rng.permutation(np.resize(np.arange(_COUNT), rows))
    frame = pd.DataFrame(
        {
            "article": [f"article {i:04}" for i in article],
            "code": rng.integers(1000, 1000 + _COUNT, rows),
            "size": rng.choice(["s", "m", "l"], rows),
            "price": rng.gamma(2, 10, rows).round(2),
        }
    )
    if missing:
        frame["code"] = frame["code"].astype(float).where(rng.random(rows) < 0.9)
    return frame


def _encoded(**options):
    options = {"handle_unknown": "ignore"} | options
    return ColumnTransformer(
        [("e", OneHotEncoder(**options), ["article", "size", "code"]), ("s", StandardScaler(), ["price"])],
        sparse_threshold=0.0 if options.get("sparse_output") is False else 0.3,
    )


def _logistic(*steps, **options):
    return make_pipeline(_encoded(**options), *steps, LogisticRegression(C=3.0))


MODELS = {
    "logistic": _logistic(),
    "dropped": _logistic(drop="first", handle_unknown="error"),
    "dropped where binary": _logistic(drop="if_binary"),
    "infrequent": _logistic(min_frequency=2, handle_unknown="infrequent_if_exist"),
    "float32": _logistic(dtype=np.float32),
    "scaled without mean": _logistic(StandardScaler(with_mean=False)),
    "scaled with mean": _logistic(StandardScaler(), sparse_output=False),
    "largest": _logistic(MaxAbsScaler()),
    "selected": _logistic(SelectKBest(k=500)),
    "svd": make_pipeline(_encoded(), TruncatedSVD(3, random_state=0), Ridge()),
    "ridge": make_pipeline(_encoded(), Ridge()),
    "network": make_pipeline(_encoded(), MLPClassifier((8,), max_iter=5, random_state=0)),
    "one against the rest": make_pipeline(_encoded(), OneVsRestClassifier(SGDClassifier(random_state=0))),
    "naive": make_pipeline(OneHotEncoder(handle_unknown="ignore"), MultinomialNB()),
}


def _fitted(model, frame):
    classes = np.digitize(frame["price"], [12, 22])
    target = frame["price"] if "ridge" in type(model.steps[-1][1]).__name__.lower() else classes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(frame, target)


def _answers(graph, source, rows):
    session = ort.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    asked = [o.name for o in source.outputs]
    return dict(zip(asked, session.run(asked, feeds_from_rows(rows, source.signature)), strict=True))


@pytest.mark.parametrize("missing", [False, True], ids=["whole", "missing"])
@pytest.mark.parametrize("name", MODELS)
def test_answers_are_the_models_and_no_tensor_is_wide(name, missing):
    frame = _table(1500, missing=missing)
    if name == "naive":
        frame = frame.drop(columns="price").assign(price=frame["price"].round(-1))
    source = open_source(_fitted(MODELS[name], frame), sample=frame[:200])
    graph = source.to_onnx()
    rows = frame[:300].astype(object).where(frame[:300].notna(), None).to_dict("records")
    if name != "dropped":
        rows += [rows[0] | {"article": "never seen", "code": 7}, rows[1] | {"size": "xxl"}]
    truth = source.answers(rows)
    answers = _answers(graph, source, rows)
    for output in source.outputs:
        if output.kind == "label":
            told = truth.margin > 1e-9
            assert np.array_equal(answers[output.name].ravel()[told], truth.outputs[output.name][told])
        else:
            assert (
                np.abs(
                    answers[output.name].reshape(truth.outputs[output.name].shape) - truth.outputs[output.name]
                ).max()
                < 1e-9
            )
    assert bytes_a_row(graph) < 2000, "an encoding of 1,200 columns takes 9,600"


def test_trees_still_see_every_column():
    frame = _table(1500)
    model = make_pipeline(_encoded(), RandomForestClassifier(3, max_depth=6, random_state=0))
    graph = isoship.to_onnx(model.fit(frame, frame["price"] > 15), sample=frame[:200])
    assert bytes_a_row(graph) > 9600


def test_few_columns_are_multiplied_as_they_are():
    frame = _table(1500)
    model = make_pipeline(
        ColumnTransformer([("e", OneHotEncoder(), ["size"]), ("p", StandardScaler(), ["price"])]), LogisticRegression()
    ).fit(frame, frame["price"] > 15)
    graph = isoship.to_onnx(model, sample=frame[:200])
    assert not any(name.startswith("one_hot_lookup") for node in graph.graph.node for name in node.output)
