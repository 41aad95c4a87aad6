"""A bundle of a table in all its forms and one of a network, each exported once for the room."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import isoship

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))
sys.path.insert(0, str(TESTS / "tensors"))
sys.path.insert(0, str(TESTS.parent))


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    draw = np.random.default_rng(3)
    rows = pd.DataFrame({"age": draw.normal(40, 12, 80), "city": draw.choice(["Lima", "Oslo"], 80)})
    steps = make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(), ["city"]))
    model = make_pipeline(steps, LogisticRegression()).fit(rows, rows["age"] > 40)
    out = tmp_path_factory.mktemp("table") / "bundle"
    return isoship.export(model, sample=rows, out=out, name="table", edge_arch=(platform.machine(),)).path


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = TESTS / "onnx_files" / "torch" / "torch_dynamo_convolutions.onnx"
    out = tmp_path_factory.mktemp("network") / "bundle"
    return isoship.export(file, out=out, name="network", edge_arch=(platform.machine(),)).path
