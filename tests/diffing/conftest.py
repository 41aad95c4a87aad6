"""Bundles to compare, each exported once for the room: forests of different halves, a regressor, many outputs."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from compared import COUNT, Edit, Export, forest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

import isoship
from isoship_edge.manifest import digest_of, sealed

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))
sys.path.insert(0, str(TESTS / "tensors"))
sys.path.insert(0, str(TESTS.parent))


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "age": draw.integers(18, 90, COUNT).astype(float),
            "city": draw.choice(["Lima", "Oslo", "Rome"], COUNT, p=[0.5, 0.3, 0.2]),
            "member": draw.choice([True, False], COUNT),
        }
    )
    frame.loc[::17, "age"] = np.nan
    return frame


@pytest.fixture(scope="session")
def truth(rows: pd.DataFrame) -> np.ndarray[Any, Any]:
    noise = np.random.default_rng(6).normal(0, 8, COUNT)
    return np.asarray(np.where(rows["age"].fillna(40) + 10 * (rows["city"] == "Oslo") + noise > 55, "yes", "no"))


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    def exported(model: Any, sample: Any, name: str = "churn", **options: Any) -> Path:
        out = tmp_path_factory.mktemp("exported") / "bundle"
        return isoship.export(model, sample=sample, out=out, name=name, targets=(), **options).path

    return exported


@pytest.fixture(scope="session")
def edit(tmp_path_factory: pytest.TempPathFactory) -> Edit:
    """A copy of a bundle with another manifest, digest and all."""

    def edited(bundle: Path, change: Callable[[dict[str, Any]], None]) -> Path:
        folder = tmp_path_factory.mktemp("edited") / "bundle"
        shutil.copytree(bundle, folder)
        document = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        change(document)
        document["digest"] = digest_of(hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(), document)
        (folder / "manifest.json").write_bytes(sealed(document))
        return folder

    return edited


@pytest.fixture(scope="session")
def old(rows: pd.DataFrame, truth: Any, export: Export) -> Path:
    half = slice(0, COUNT // 2)
    model = forest(RandomForestClassifier(12, max_depth=6, random_state=1), rows[half], truth[half])
    return export(model, rows[half], model_version="1.0.0")


@pytest.fixture(scope="session")
def new(rows: pd.DataFrame, truth: Any, export: Export) -> Path:
    """Of the other half."""
    half = slice(COUNT // 2, COUNT)
    model = forest(RandomForestClassifier(12, max_depth=6, random_state=2), rows[half], truth[half])
    return export(model, rows[half], model_version="2.0.0")


@pytest.fixture(scope="session")
def without_rome(rows: pd.DataFrame, truth: Any, export: Export) -> Path:
    """Knows "Bergen" in place of "Rome"."""
    sample = rows.assign(city=rows["city"].replace("Rome", "Bergen"))
    return export(forest(RandomForestClassifier(12, max_depth=6, random_state=1), sample, truth), sample)


@pytest.fixture(scope="session")
def renamed(rows: pd.DataFrame, truth: Any, export: Export) -> Path:
    """Calls the city "town"."""
    sample = rows.rename(columns={"city": "town"})
    return export(forest(RandomForestClassifier(12, max_depth=6, random_state=1), sample, truth), sample)


@pytest.fixture(scope="session")
def narrower(rows: pd.DataFrame, truth: Any, export: Export) -> Path:
    """Without the column "member"."""
    sample = rows.drop(columns="member")
    return export(forest(RandomForestClassifier(12, max_depth=6, random_state=1), sample, truth), sample)


@pytest.fixture(scope="session")
def prices(rows: pd.DataFrame, export: Export) -> tuple[Path, Path]:
    """Two regressors."""
    value = 2 * rows["age"].fillna(40) + np.random.default_rng(7).normal(0, 4, COUNT)
    made = []
    for half in (slice(0, COUNT // 2), slice(COUNT // 2, COUNT)):
        model = forest(RandomForestRegressor(10, max_depth=6, random_state=1), rows[half], value[half])
        made.append(export(model, rows[half], name="price"))
    return made[0], made[1]


@pytest.fixture
def rows_file(rows: pd.DataFrame, tmp_path: Path) -> Path:
    rows.to_parquet(tmp_path / "rows.parquet")
    return tmp_path / "rows.parquet"
