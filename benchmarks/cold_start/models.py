"""The models measured, each shipped three ways: our bundle, skl2onnx's graph, the pickled estimator."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Case:
    """named: fitted on a DataFrame, so that each column is an input of the graph; else on an array, one input `X`."""

    name: str
    features: int
    classes: int
    named: bool
    estimator: Callable[[], Any]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(f"x{i}" for i in range(self.features))

    @property
    def slug(self) -> str:
        return self.name.replace(" ", "-")

    @property
    def facts(self) -> dict[str, Any]:
        """What the floors have as constants."""
        return {
            "COLUMNS": list(self.columns), "CLASSES": [str(number) for number in range(self.classes)],
            "MATRIX": not self.named, "NETWORK": None,
        }  # fmt: skip


class Asked(Protocol):
    """What a function is asked, and how its answer is known to be right."""

    @property
    def bundle(self) -> Path: ...

    @property
    def body(self) -> str:
        """Of POST /predict."""
        ...

    def is_answer(self, document: dict[str, Any]) -> bool: ...


@dataclass(frozen=True)
class Trained:
    """bundle: what `isoship export` wrote. body: POST /predict of one row. label, probabilities: its answer."""

    bundle: Path
    standard: Path
    pickled: Path
    body: str
    label: int
    probabilities: tuple[float, ...]

    def is_answer(self, document: dict[str, Any]) -> bool:
        """Whether a body of POST /predict says what the model does."""
        (first,) = document.get("predictions") or [{}]
        values = tuple((first.get("probabilities") or {}).values())
        # 1e-4: the standard export of the naive variant computes in float32.
        return (
            first.get("label") == self.label
            and len(values) == len(self.probabilities)
            and all(map(lambda a, b: math.isclose(a, b, abs_tol=1e-4), values, self.probabilities))
        )


def cases() -> tuple[Case, ...]:
    def logistic() -> Any:
        from sklearn import linear_model, pipeline, preprocessing

        return pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression())

    def forest() -> Any:
        from sklearn import ensemble

        return ensemble.RandomForestClassifier(100, max_depth=10, random_state=0)

    return (Case("logistic pipeline", 8, 2, True, logistic), Case("forest of 100 trees", 30, 3, False, forest))


def train(case: Case, folder: Path, python: str, say: Callable[[str], None], *, reuse: bool) -> Trained:
    """Fits and exports into `folder`. reuse: a bundle that lies there already is taken as it is."""
    import pandas as pd
    from sklearn.datasets import make_classification

    import isoship

    features, target = make_classification(
        5000, case.features, n_informative=case.features // 2, n_classes=case.classes, random_state=0
    )
    estimator = case.estimator().fit(features, target)
    row = features[:1]
    trained = Trained(
        folder / "bundle", folder / "standard.onnx", folder / "model.joblib",
        json.dumps({"rows": [dict(zip(case.columns, map(float, row[0]), strict=True))]}),
        int(estimator.predict(row)[0]), tuple(map(float, estimator.predict_proba(row)[0])),
    )  # fmt: skip
    if reuse and trained.bundle.is_dir():
        return trained
    import joblib

    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(estimator, trained.pickled)
    # In a process of its own, as a user of skl2onnx has it.
    program = [sys.executable, "-m", "benchmarks.cold_start.standard", trained.pickled, trained.standard]
    subprocess.run(program, cwd=ROOT, check=True)
    shipped, sample = estimator, features
    if case.named:
        sample = pd.DataFrame(features, columns=list(case.columns))
        shipped = case.estimator().fit(sample, target)
    isoship.export(
        shipped, sample=sample, out=trained.bundle, name=case.slug, targets=("lambda",), lambda_python=python,
        force=True, progress=say,
    )  # fmt: skip
    return trained
