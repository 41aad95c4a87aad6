"""The graph for batches answers as model.onnx does, to the last bit, and is what files are answered with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder
from sklearn.tree import DecisionTreeClassifier

import isoship
from isoship.batch import graph as batch_graph
from isoship.batch.model import BatchModel
from isoship.batch.split_trees import split_trees

COUNT = 400
TEXTS, NUMBERS = ["city", "plan"], ["age", "income", "score"]


def frame(count: int = COUNT, cities: int = 7) -> pd.DataFrame:
    random = np.random.default_rng(3)
    table = pd.DataFrame(
        {
            "city": random.choice([f"city {i}" for i in range(cities)], count),
            "plan": random.choice(["free", "pro", None], count),
            "age": random.integers(18, 90, count),
            "income": np.round(random.lognormal(10, 1, count), 2),
            "score": random.normal(0, 1, count),
        }
    )
    table.loc[::9, "income"] = np.nan
    return table


def target(table: pd.DataFrame) -> Any:
    return np.where(table["score"] > 0.4, "high", np.where(table["age"] > 50, "middle", "low"))


def encoded(model: Any, encoder: Any) -> Any:
    return make_pipeline(make_column_transformer((encoder, TEXTS), (SimpleImputer(), NUMBERS)), model)


def lightgbm() -> Any:
    import lightgbm

    return lightgbm.LGBMClassifier(n_estimators=20, min_child_samples=5, verbose=-1, n_jobs=1)


def xgboost() -> Any:
    import xgboost

    return xgboost.XGBClassifier(n_estimators=20, max_depth=4, n_jobs=1)


ORDINAL = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
ONE_HOT = OneHotEncoder(handle_unknown="ignore")
MODELS: dict[str, Callable[[], Any]] = {
    "logistic": lambda: encoded(
        make_pipeline(StandardScaler(with_mean=False), LogisticRegression(max_iter=2000)), ONE_HOT
    ),
    "ridge": lambda: encoded(Ridge(), ONE_HOT),
    "network": lambda: encoded(MLPClassifier((5,), max_iter=20, random_state=0), ORDINAL),
    "forest": lambda: encoded(RandomForestClassifier(12, max_depth=5, random_state=0), ORDINAL),
    "forest of numbers": lambda: encoded(RandomForestRegressor(9, max_depth=5, random_state=0), ONE_HOT),
    "extra trees": lambda: encoded(ExtraTreesClassifier(8, max_depth=4, random_state=0), ONE_HOT),
    "tree": lambda: encoded(DecisionTreeClassifier(max_depth=4), ORDINAL),
    "boosting": lambda: encoded(GradientBoostingClassifier(n_estimators=6, random_state=0), ORDINAL),
    "histogram": lambda: encoded(HistGradientBoostingClassifier(max_iter=8, random_state=0), ORDINAL),
    "isolation": lambda: encoded(IsolationForest(n_estimators=10, random_state=0), ORDINAL),
    "target encoder": lambda: encoded(LogisticRegression(max_iter=2000), TargetEncoder()),
    "lightgbm": lambda: encoded(lightgbm(), ORDINAL),
    "xgboost": lambda: encoded(xgboost(), ORDINAL),
}


def asked(bundle: Path, table: pa.Table, *, many: bool) -> tuple[list[list[Any]], BatchModel]:
    model = BatchModel.load(bundle, many=many)
    return [column.to_pylist() for column in model.answer(table).columns], model


@pytest.mark.parametrize("name", MODELS)
def test_the_same_bits(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = frame()
    labels: Any = target(rows)
    if name in ("ridge", "forest of numbers"):
        labels = rows["age"] * 0.1 + rows["score"]
    elif name == "xgboost":
        labels = np.unique(labels, return_inverse=True)[1]
    model = MODELS[name]().fit(rows, labels)
    bundle = isoship.export(model, sample=rows, out=tmp_path / "b", name="b", targets=()).path
    table = pa.Table.from_pandas(rows, preserve_index=False)
    plain, _ = asked(bundle, table, many=False)
    for piece in (16, 64, 10_000):
        monkeypatch.setattr(batch_graph, "_ROWS", piece)
        batched, loaded = asked(bundle, table, many=True)
        assert batched == plain
        assert loaded._graph is not None
        assert loaded._graph.rows <= piece


@pytest.mark.parametrize("of", ["histogram", "lightgbm"])
def test_categories_that_trees_know_themselves(of: str, tmp_path: Path) -> None:
    rows = frame().assign(**{name: frame()[name].astype("category") for name in TEXTS})
    model = lightgbm() if of == "lightgbm" else HistGradientBoostingClassifier(max_iter=8)
    model.fit(rows, target(rows))
    bundle = isoship.export(model, sample=rows, out=tmp_path / "b", name="b", targets=()).path
    table = pa.Table.from_pandas(frame(), preserve_index=False)
    batched, loaded = asked(bundle, table, many=True)
    assert batched == asked(bundle, table, many=False)[0]
    assert loaded._graph is not None


def test_many_categories_and_new_ones(tmp_path: Path) -> None:
    rows = frame(4000, cities=900)
    model = encoded(LogisticRegression(max_iter=2000), ONE_HOT).fit(rows, target(rows))
    bundle = isoship.export(model, sample=rows, out=tmp_path / "b", name="b", targets=()).path
    rows.loc[::3, "city"] = [f"never seen {i}" for i in range(len(rows[::3]))]
    table = pa.Table.from_pandas(rows, preserve_index=False)
    assert asked(bundle, table, many=True)[0] == asked(bundle, table, many=False)[0]


def test_a_row_has_one_answer_whatever_stands_beside_it(tmp_path: Path) -> None:
    rows = frame()
    model = encoded(LogisticRegression(max_iter=2000), ONE_HOT).fit(rows, target(rows))
    bundle = isoship.export(model, sample=rows, out=tmp_path / "b", name="b", targets=()).path
    table = pa.Table.from_pandas(rows, preserve_index=False)
    for many in (True, False):
        whole, loaded = asked(bundle, table, many=many)
        for size in (1, 3, 7, 50):
            parts = [loaded.answer(table.slice(at, size)) for at in range(0, 100, size)]
            found = [[v for p in parts for v in p.columns[k].to_pylist()][:100] for k in range(len(whole))]
            assert found == [column[:100] for column in whole], (many, size)


def test_a_graph_that_answers_otherwise_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = frame()
    model = encoded(RandomForestClassifier(5, max_depth=3, random_state=0), ORDINAL).fit(rows, target(rows))
    bundle = isoship.export(model, sample=rows, out=tmp_path / "b", name="b", targets=()).path
    table = pa.Table.from_pandas(rows, preserve_index=False)
    plain, _ = asked(bundle, table, many=False)

    def faulty(model: onnx.ModelProto) -> bool:
        whole = split_trees(model)
        weights = next(
            a for n in model.graph.node if n.op_type == "TreeEnsemble" for a in n.attribute if a.name == "leaf_weights"
        )
        weights.t.CopyFrom(
            onnx.numpy_helper.from_array(np.zeros_like(onnx.numpy_helper.to_array(weights.t)), "leaf_weights")
        )
        return whole

    monkeypatch.setattr(batch_graph, "split_trees", faulty)
    batched, loaded = asked(bundle, table, many=True)
    assert batched == plain
    assert loaded._graph is None


def test_trees_stand_alone_and_texts_are_gone(tmp_path: Path) -> None:
    rows = frame()
    model = encoded(RandomForestClassifier(5, max_depth=3, random_state=0), ORDINAL).fit(rows, target(rows))
    bundle = isoship.export(model, sample=rows, out=tmp_path / "b", name="b", targets=()).path
    graph = onnx.load(bundle / "model.onnx")
    parts = batch_graph._divided(graph, TEXTS)
    assert parts is not None
    kinds = [node.op_type for node in parts.main.graph.node]
    assert kinds.count("TreeEnsemble") == 5
    assert kinds.count("Add") >= 4
    assert "CumSum" not in kinds
    assert parts.chained
    assert all(one.type.tensor_type.elem_type != 8 for one in parts.main.graph.input)
    assert parts.labels == {"label": ("high", "low", "middle")}
