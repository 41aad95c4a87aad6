"""Models that MLflow logged are exported by their names in its registry and its runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import isoship
from conftest import frame, trained
from isoship.errors import ModelFileError


@pytest.fixture(scope="module")
def registered(server: str) -> dict[str, str]:
    """Names of one pipeline and one booster."""
    import mlflow
    import xgboost
    from mlflow.models import infer_signature

    model, rows = trained()
    numbers = rows[["age", "visits"]]
    booster = xgboost.XGBClassifier(n_estimators=8, max_depth=3, n_jobs=1)
    booster.fit(numbers, (rows["visits"] > 12).astype(int))
    with mlflow.start_run() as run:
        signature = infer_signature(rows, model.predict(rows))
        mlflow.sklearn.log_model(
            model, name="pipeline", signature=signature, input_example=rows.head(50),
            registered_model_name="Churn of visits", serialization_format="cloudpickle",
        )  # fmt: skip
        mlflow.xgboost.log_model(
            booster, name="booster", input_example=numbers.head(50), registered_model_name="boosted"
        )
    mlflow.MlflowClient().set_registered_model_alias("boosted", "champion", "1")
    return {
        "models:/Churn of visits/1": "churn-of-visits", "models:/boosted@champion": "boosted",
        f"runs:/{run.info.run_id}/pipeline": "pipeline", f"runs:/{run.info.run_id}/booster": "booster",
    }  # fmt: skip


def test_each_name_is_exported_and_agrees(registered: dict[str, str], tmp_path: Path) -> None:
    model, rows = trained()
    for uri, name in registered.items():
        out = tmp_path / name
        done = subprocess.run(
            [sys.executable, "-m", "isoship", "export", uri, "-o", str(out), "--targets", "none"],
            capture_output=True, text=True, timeout=300, env=os.environ,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        assert f"fetching {uri}" in done.stderr
        loaded = isoship.load(out)
        assert loaded.manifest.name == name
        made = loaded.predict(rows[[c.name for c in loaded.manifest.signature.columns]])
        if "pipeline" in uri or "Churn" in uri:
            assert made["label"].tolist() == model.predict(rows).tolist()
            np.testing.assert_allclose(made["probabilities"], model.predict_proba(rows), atol=1e-12)
        asked = ("check", str(out), "--model", uri, "--runtimes", "onnxruntime", "--rows", "100")
        done = subprocess.run([sys.executable, "-m", "isoship", *asked], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-3000:]
        report = isoship.check(out, uri, runtimes=["onnxruntime"], rows=200)
        assert report.ok
        assert report.evidence == "source"


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("models:/nobody/1", "nobody"),
        ("models:/boosted/77", "77"),
        ("runs:/0123456789abcdef0123456789abcdef/m", "0123"),
    ],
)
def test_what_is_not_there_is_one_line(uri: str, said: str, registered: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "isoship", "export", uri, "-o", str(tmp_path / "b")],
        capture_output=True, text=True, timeout=120, env=os.environ,
    )  # fmt: skip
    assert done.returncode == 2
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"isoship: MLflow does not give {uri}: ")
    assert said in last
    assert not (tmp_path / "b").exists()


def test_no_server(monkeypatch: pytest.MonkeyPatch, server: str, tmp_path: Path) -> None:
    import mlflow

    before = mlflow.get_tracking_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://name:secret@127.0.0.1:9")
    mlflow.set_tracking_uri("http://name:secret@127.0.0.1:9")
    try:
        with pytest.raises(ModelFileError, match="MLflow does not give models:/boosted/1") as caught:
            isoship.export("models:/boosted/1", out=tmp_path / "b", targets=())
        assert "secret" not in str(caught.value)
    finally:
        mlflow.set_tracking_uri(before)


def test_frames_have_what_the_model_takes() -> None:
    assert list(frame(3).columns) == ["city", "age", "visits", "member"]
