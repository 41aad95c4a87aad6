"""An MLflow server of the tests' own on loopback: SQLite, and files for artifacts."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pandas as pd
import pytest

from runtime_emulator import free_port

# `make test` has no MLflow and must not skip in silence: there these files are not looked at, and the group's script
# fails where MLflow is missing.
collect_ignore_glob = [] if importlib.util.find_spec("mlflow") else ["*"]
if not collect_ignore_glob:  # `mlflow models serve` starts uvicorn by name
    os.environ |= {
        "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
        "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip


def ready(url: str, process: subprocess.Popen[bytes], seconds: float = 120) -> str:
    """Waits until something answers there."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(url, timeout=5):
                return url
        except (URLError, OSError):
            time.sleep(0.3)
    raise AssertionError(f"nothing answers at {url}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place, port = tmp_path_factory.mktemp("server"), free_port()
    command = [
        sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{place}/mlflow.db",
        "--artifacts-destination", str(place / "artifacts"), "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1",
    ]  # fmt: skip
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, cwd=place)
    try:
        url = ready(f"http://127.0.0.1:{port}/health", process).removesuffix("/health")
        import mlflow

        os.environ["MLFLOW_TRACKING_URI"] = url
        mlflow.set_tracking_uri(url)
        mlflow.set_experiment("isoship")
        yield url
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


def frame(count: int = 400) -> pd.DataFrame:
    random = np.random.default_rng(5)
    table = pd.DataFrame(
        {
            "city": random.choice(["Lima", "Oslo", "Rome"], count),
            "age": random.integers(18, 90, count).astype(float),
            "visits": random.integers(0, 30, count),
            "member": random.choice([True, False], count),
        }
    )
    table.loc[::7, "age"] = np.nan
    table["city"] = table["city"].astype(object)
    table.loc[::11, "city"] = None
    return table


def labels(table: pd.DataFrame) -> Any:
    return np.where(table["age"].fillna(40) + 10 * (table["city"] == "Oslo") + table["visits"] > 60, "yes", "no")


def trained() -> tuple[Any, pd.DataFrame]:
    """A pipeline of columns of every dtype, and its rows."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rows = frame()
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    encoder = make_column_transformer(
        (numbers, ["age", "visits"]), (OneHotEncoder(handle_unknown="ignore"), ["city"]), ("passthrough", ["member"])
    )
    return make_pipeline(encoder, LogisticRegression()).fit(rows, labels(rows)), rows


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import isoship

    model, rows = trained()
    return isoship.export(
        model, sample=rows, out=tmp_path_factory.mktemp("logged") / "b", name="visits", targets=()
    ).path


def answers(bundle: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """What `isoship predict` writes for these rows."""
    import pyarrow as pa

    from isoship.batch.model import BatchModel

    model = BatchModel.load(bundle)
    made = model.answer(pa.Table.from_pandas(rows, preserve_index=False))
    names = [one.name for one in model.fields]
    return pd.DataFrame({n: c.to_pylist() for n, c in zip(names, made.columns, strict=True)})
