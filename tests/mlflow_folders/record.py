"""Records the MLflow model folders beside this file, as MLflow's own save_model writes them.

    python -m venv env && env/bin/pip install mlflow skops xgboost-cpu lightgbm catboost skl2onnx
    env/bin/python tests/mlflow_folders/record.py

Kept of each folder: MLmodel, the model file and the examples. What says how to build an environment is left out, since
nothing reads it. answers.json holds eight rows for each, and what MLflow's `pyfunc` answers to them.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from catboost import CatBoostRegressor
from lightgbm import Dataset, LGBMClassifier
from lightgbm import train as train_lightgbm
from mlflow.models import infer_signature
from skl2onnx import to_onnx
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_wine
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import DMatrix, XGBClassifier
from xgboost import train as train_xgboost

HERE = Path(__file__).parent
_NOT_KEPT = ("conda.yaml", "python_env.yaml", "requirements.txt")
ROWS = 8


def people(count: int = 200) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Columns of every type, with missing values among the doubles, and a class of each row."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": draw.integers(18, 90, count),
            "income": np.where(draw.random(count) < 0.1, np.nan, draw.lognormal(10, 0.5, count).round(2)),
            "city": draw.choice(["Bergen", "Oslo", "Tromsø"], count),
            "member": draw.random(count) < 0.5,
        }
    )
    return frame, np.where(frame["age"] + 20 * frame["member"] + draw.normal(0, 10, count) > 60, "yes", "no")


def numbers() -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    wine = load_wine(as_frame=True)
    return wine.data.iloc[:, :4], wine.target.to_numpy()


def pipeline() -> Any:
    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income"]),
        (OneHotEncoder(handle_unknown="ignore"), ["city"]),
        ("passthrough", ["member"]),
    )
    frame, classes = people()
    return make_pipeline(prepare, LogisticRegression()).fit(frame, classes)


def folders() -> dict[str, tuple[Any, pd.DataFrame | np.ndarray[Any, Any]]]:
    """Folder -> the function that writes it to a path, and the rows of which answers are recorded."""
    rows, _ = people()
    wine, kinds = numbers()
    array = wine.to_numpy()
    xgboost = XGBClassifier(n_estimators=4, max_depth=3).fit(wine, kinds)
    booster = train_xgboost({"objective": "reg:squarederror", "max_depth": 3}, DMatrix(wine, kinds), num_boost_round=3)
    lightgbm = LGBMClassifier(n_estimators=4, num_leaves=4, verbose=-1).fit(wine, kinds)
    trees = train_lightgbm(
        {"objective": "regression", "num_leaves": 4, "verbose": -1}, Dataset(wine, kinds), num_boost_round=4
    )
    catboost = CatBoostRegressor(iterations=5, depth=3, verbose=False, allow_writing_files=False).fit(wine, kinds)
    logistic = LogisticRegression(max_iter=2000).fit(array, kinds)
    graph = to_onnx(logistic, array[:1].astype(np.float32), options={"zipmap": False})
    example, few = rows.iloc[:6], wine.iloc[::40]
    signature = infer_signature(wine, booster.predict(DMatrix(wine)))
    sk, pickled = mlflow.sklearn.save_model, {"serialization_format": "cloudpickle"}
    plain = {"serialization_format": "pickle"}
    trusted = {"skops_trusted_types": ["numpy.dtype"]}  # MLflow asks for it, though skops loads it by itself
    return {
        "sklearn-skops": (lambda p: sk(pipeline(), p, input_example=example, **trusted), rows),
        "sklearn-cloudpickle": (lambda p: sk(logistic, p, input_example=array[::40], **pickled), array),
        "sklearn-signature": (lambda p: sk(pipeline(), p, signature=infer_signature(rows.dropna()), **plain), rows),
        "xgboost-ubj": (lambda p: mlflow.xgboost.save_model(xgboost, p, input_example=few), wine),
        "xgboost-booster": (
            lambda p: mlflow.xgboost.save_model(booster, p, model_format="json", signature=signature),
            wine,
        ),
        "lightgbm-skops": (lambda p: mlflow.lightgbm.save_model(lightgbm, p, input_example=few), wine),
        "lightgbm-booster": (lambda p: mlflow.lightgbm.save_model(trees, p, signature=signature), wine),
        "catboost": (lambda p: mlflow.catboost.save_model(catboost, p, input_example=few), wine),
        "onnx": (
            lambda p: mlflow.onnx.save_model(graph, p, input_example=array[:3].astype(np.float32)),
            array.astype(np.float32),
        ),
    }


def main() -> None:
    answers: dict[str, Any] = {}
    for name, (save, rows) in folders().items():
        with tempfile.TemporaryDirectory() as work:
            made = Path(work) / "model"
            save(str(made))
            asked = rows[:ROWS]
            answers[name] = {
                "rows": _rows(asked),
                "answers": _plain(mlflow.pyfunc.load_model(str(made)).predict(asked)),
            }
            shutil.rmtree(HERE / name, ignore_errors=True)
            shutil.copytree(made, HERE / name, ignore=shutil.ignore_patterns(*_NOT_KEPT))
    lines = [f" {json.dumps(name)}: {json.dumps(each)}" for name, each in answers.items()]
    (HERE / "answers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _rows(asked: pd.DataFrame | np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    frame = asked if isinstance(asked, pd.DataFrame) else pd.DataFrame(asked).add_prefix("x")
    return json.loads(frame.to_json(orient="records", double_precision=15))


def _plain(found: Any) -> Any:
    if isinstance(found, dict):
        return {name: np.asarray(value).tolist() for name, value in found.items()}
    return np.asarray(found).tolist()


if __name__ == "__main__":
    main()
