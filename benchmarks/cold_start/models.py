"""The models measured, each shipped three ways: our bundle, skl2onnx's graph, the pickled estimator."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
PENGUINS = ("island", "sex", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")


@dataclass(frozen=True)
class Case:
    """named: fitted on a DataFrame, so that each column is an input of the graph; else on an array, one input `X`.

    data: rows, a DataFrame, and their classes. floors: whether the floors and the usual stacks can be asked it, whose
    handlers know numbers alone.
    """

    name: str
    columns: tuple[str, ...]
    classes: tuple[str, ...]
    named: bool
    estimator: Callable[[], Any]
    data: Callable[[], tuple[pd.DataFrame, Any]]
    floors: bool = True

    @property
    def slug(self) -> str:
        return self.name.replace(" ", "-")

    @property
    def facts(self) -> dict[str, Any]:
        """What the floors have as constants."""
        return {
            "COLUMNS": list(self.columns), "CLASSES": list(self.classes), "MATRIX": not self.named, "NETWORK": None,
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
    label: Any
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
    """Numbers alone, trees, and what most tables are: strings, and values that are missing."""

    def logistic() -> Any:
        from sklearn import linear_model, pipeline, preprocessing

        return pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression())

    def forest() -> Any:
        from sklearn import ensemble

        return ensemble.RandomForestClassifier(100, max_depth=10, random_state=0)

    def species() -> Any:
        from sklearn import compose, impute, linear_model, pipeline, preprocessing

        numbers = pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler())
        texts = preprocessing.OneHotEncoder(handle_unknown="ignore")
        columns = compose.make_column_transformer((numbers, list(PENGUINS[2:])), (texts, list(PENGUINS[:2])))
        return pipeline.make_pipeline(columns, linear_model.LogisticRegression(max_iter=1000))

    return (
        _numbers("logistic pipeline", 8, 2, named=True, estimator=logistic),
        _numbers("forest of 100 trees", 30, 3, named=False, estimator=forest),
        Case("penguins", PENGUINS, ("Adelie", "Chinstrap", "Gentoo"), True, species, _penguins, floors=False),
    )


def _numbers(name: str, features: int, classes: int, *, named: bool, estimator: Callable[[], Any]) -> Case:
    columns = tuple(f"x{i}" for i in range(features))

    def data() -> tuple[pd.DataFrame, Any]:
        import pandas as pd
        from sklearn.datasets import make_classification

        rows, target = make_classification(
            5000, features, n_informative=features // 2, n_classes=classes, random_state=0
        )
        return pd.DataFrame(rows, columns=list(columns)), target

    return Case(name, columns, tuple(map(str, range(classes))), named, estimator, data)


def _penguins() -> tuple[pd.DataFrame, Any]:
    from palmerpenguins import load_penguins

    rows = load_penguins()
    return rows[list(PENGUINS)], rows["species"]


def train(case: Case, folder: Path, python: str, say: Callable[[str], None], *, reuse: bool) -> Trained:
    """Fits and exports into `folder`. reuse: a bundle that lies there already is taken as it is."""
    import isoship

    frame, target = case.data()
    sample = frame if case.named else frame.to_numpy()
    shipped = case.estimator().fit(sample, target)
    row = sample[:1]
    values = {name: None if value != value else value for name, value in zip(case.columns, frame.iloc[0], strict=True)}
    trained = Trained(
        folder / "bundle", folder / "standard.onnx", folder / "model.joblib",
        json.dumps({"rows": [values]}), shipped.predict(row)[0], tuple(map(float, shipped.predict_proba(row)[0])),
    )  # fmt: skip
    if reuse and trained.bundle.is_dir():
        return trained
    folder.mkdir(parents=True, exist_ok=True)
    if case.floors:
        import joblib

        joblib.dump(case.estimator().fit(frame.to_numpy(), target), trained.pickled)
        # In a process of its own, as a user of skl2onnx has it.
        program = [sys.executable, "-m", "benchmarks.cold_start.standard", trained.pickled, trained.standard]
        subprocess.run(program, cwd=ROOT, check=True)
    isoship.export(
        shipped, sample=sample, out=trained.bundle, name=case.slug, targets=("lambda",), lambda_python=python,
        force=True, progress=say,
    )  # fmt: skip
    return trained
