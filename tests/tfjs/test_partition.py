"""Where each node goes, and that the three parts together answer as the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from onnx import TensorProto, helper
from program_runner import reference
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import isoship
from isoship.errors import UnsupportedModelError
from isoship.onnx.graph import GraphBuilder
from isoship.tfjs import to_tfjs
from isoship.tfjs.program_ops import PROGRAM_OPS
from isoship_edge.manifest import MISSING_STRING

NUMBERS, WORDS = ["mass", "t1"], ["island", "sex"]


def birds(rows: int, seed: int) -> pd.DataFrame:
    """A table with missing values, strings, and a column that is called as the program calls its own values."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "mass": rng.normal(4200, 800, rows).round(),
            "t1": rng.normal(44, 5, rows).round(1),
            "island": rng.choice(["Biscoe", "Dream", "Torgersen"], rows),
            "sex": rng.choice(["male", "female"], rows),
        }
    )
    return frame.mask(rng.random(frame.shape) < 0.05)


def pipeline(estimator: Any, encoder: Any = None) -> Any:
    encoder = encoder or OneHotEncoder(handle_unknown="ignore")
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), encoder)
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return make_pipeline(ColumnTransformer([("n", numbers, NUMBERS), ("w", words, WORDS)]), estimator)


def feeds_of(frame: pd.DataFrame) -> dict[str, np.ndarray[Any, Any]]:
    feeds: dict[str, np.ndarray[Any, Any]] = {name: frame[[name]].to_numpy(np.float64) for name in NUMBERS}
    feeds |= {name: frame[[name]].fillna(MISSING_STRING).to_numpy(object) for name in WORDS}
    return feeds


@pytest.mark.parametrize(
    "model",
    [
        pipeline(RandomForestClassifier(30, random_state=0)),
        pipeline(LogisticRegression()),
        pipeline(
            HistGradientBoostingClassifier(max_iter=15),
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        ),
    ],
    ids=["forest", "logistic", "boosting"],
)  # fmt: skip
def test_a_table_with_strings_and_missing_values_travels(model: Any, web_form: Any, backend: str) -> None:
    frame = birds(300, 1)
    model.fit(frame, np.where(frame["mass"].fillna(0) > 4200, "big", "small"))
    onnx_model = isoship.to_onnx(model, sample=frame)
    asked = birds(200, 2)
    asked.loc[:9, "island"] = "unseen"
    expected = reference(onnx_model, feeds_of(asked))
    form = web_form(onnx_model)
    answered = form(backend, feeds_of(asked))
    np.testing.assert_allclose(answered["probabilities"], expected["probabilities"], rtol=0, atol=1e-6)
    clear = np.abs(expected["probabilities"][:, 0] - 0.5) > 1e-6
    np.testing.assert_array_equal(answered["label"][clear], expected["label"][clear])
    made = [out for step in form.document["prefix"] + form.document["suffix"] for out in step["outputs"]]
    assert not {"mass", "t1", "island", "sex"}.intersection(made)


def test_steps_are_those_that_javascript_has(web_form: Any) -> None:
    frame = birds(100, 3)
    model = pipeline(LogisticRegression()).fit(frame, frame["t1"].fillna(0) > 44)
    document = web_form(isoship.to_onnx(model, sample=frame)).document
    for step in document["prefix"] + document["suffix"]:
        assert step["op"] in PROGRAM_OPS
        assert set(step["attrs"]) == set(PROGRAM_OPS[step["op"]].attrs), step["op"]


def test_products_in_front_of_trees_stay_in_doubles_and_are_told(web_form: Any, backend: str) -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(0, 1, (200, 5))
    model = make_pipeline(StandardScaler(), PCA(3), RandomForestClassifier(10, random_state=0)).fit(x, x[:, 0] > 0)
    onnx_model = isoship.to_onnx(model, sample=x)
    form = web_form(onnx_model)
    assert "MatMul" in form.written.prefix
    assert "MatMul" not in form.written.graph
    assert any("MatMul" in note for note in form.written.notes)
    answered, expected = form(backend, {"X": x}), reference(onnx_model, {"X": x})
    np.testing.assert_allclose(answered["probabilities"], expected["probabilities"], rtol=0, atol=1e-6)


def test_the_label_of_a_single_tree_comes_from_doubles(web_form: Any, backend: str) -> None:
    """Balanced weights leave 0.49999999999999994 against 0.5000000000000001: one number in float32, the wrong class."""
    x = np.repeat(np.arange(4.0), 30)[:, None]
    y = np.array(["no"] * 13 + ["yes"] * 17 + ["no"] * 26 + ["yes"] * 4 + ["no"] * 21 + ["yes"] * 9 + ["no"] * 30)
    model = DecisionTreeClassifier(class_weight="balanced", random_state=0).fit(x, y)
    model.tree_.value[model.tree_.children_left == -1] = [[np.nextafter(0.5, 0), np.nextafter(0.5, 1)]]
    onnx_model = isoship.to_onnx(model, sample=x)
    expected = reference(onnx_model, {"X": x})["label"]
    assert set(expected) == {"yes"}
    np.testing.assert_array_equal(web_form(onnx_model)(backend, {"X": x})["label"], expected)


def test_classes_of_any_size_are_looked_up_behind_the_graph(web_form: Any, backend: str) -> None:
    x = np.arange(20.0)[:, None]
    y = np.where(x[:, 0] > 9, 2**62 + 1, -3)
    onnx_model = isoship.to_onnx(DecisionTreeClassifier().fit(x, y), sample=x)
    form = web_form(onnx_model)
    assert "Gather" in form.written.suffix
    np.testing.assert_array_equal(form(backend, {"X": x})["label"], y)


def test_an_operator_that_neither_side_has_is_refused_by_name(tmp_path: Path) -> None:
    g = GraphBuilder()
    g.op("Det", "X", out="transformed")
    model = g.model(
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [2, 2])],
        [helper.make_tensor_value_info("transformed", TensorProto.FLOAT, [])],
    )
    with pytest.raises(
        UnsupportedModelError, match=r"Det.*JavaScript does not have it.*no lowering.*--targets lambda,edge"
    ):
        to_tfjs(model, tmp_path / "form")
    assert not (tmp_path / "form").exists()


def test_gather_along_rows_by_computed_places(web_form: Any, backend: str) -> None:
    """The weighted median of AdaBoostRegressor: GatherElements after a product."""
    g = GraphBuilder()
    scores = g.op("MatMul", "X", np.eye(3, dtype=np.float32))
    g.op("GatherElements", scores, g.op("ArgMax", scores, axis=1, keepdims=1), out="value", axis=1)
    model = g.model(
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["N", 3])],
        [helper.make_tensor_value_info("value", TensorProto.FLOAT, ["N", 1])],
    )
    x = np.random.default_rng(5).normal(0, 1, (40, 3)).astype(np.float32)
    form = web_form(model)
    assert form.written.suffix == ()
    np.testing.assert_allclose(form(backend, {"X": x})["value"], x.max(axis=1, keepdims=True))
