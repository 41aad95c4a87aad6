"""`.cbm` files: the estimator by the loss function, the same answers, and errors that say what is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.boosters.catboost_recipes import recipes, table
from catboost import CatBoostClassifier, CatBoostRegressor, sum_models
from catboost_rows import agree

from isoship import ModelFileError
from isoship.sources import open_source
from isoship.sources.catboost import separate_process
from isoship.sources.catboost.files import read_file

RECIPES = recipes()
SMALL: dict[str, Any] = {
    "iterations": 4,
    "depth": 3,
    "thread_count": 1,
    "verbose": False,
    "allow_writing_files": False,
}
KINDS = {
    "classifier": "CatBoostClassifier",
    "three classes": "CatBoostClassifier",
    "regressor": "CatBoostRegressor",
    "ranker": "CatBoostRanker",
    "categories": "CatBoostClassifier",
}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_the_estimator_that_wrote_it(name: str) -> None:
    path, rows = RECIPES[f"file {name}"]()
    source = agree(path, rows)
    assert source.estimator == KINDS[name]
    assert source.library == "CatBoost"


@pytest.mark.parametrize(
    "loss", ["RMSEWithUncertainty", "MultiRMSE", "Tweedie:variance_power=1.5", "Quantile:alpha=0.2"]
)
def test_a_file_keeps_its_kind_of_prediction(loss: str, tmp_path: Path) -> None:
    rows = table()
    target = np.c_[rows[:, 0], rows[:, 2]] if loss == "MultiRMSE" else np.abs(rows[:, 0])
    model = CatBoostRegressor(**SMALL, loss_function=loss).fit(rows, target)
    model.save_model(str(tmp_path / "model.cbm"))
    agree(tmp_path / "model.cbm", rows)
    np.testing.assert_array_equal(read_file(tmp_path / "model.cbm", []).predict(rows), model.predict(rows))


def test_a_threshold_and_labels_travel_in_the_file(tmp_path: Path) -> None:
    rows = table()
    model = CatBoostClassifier(**SMALL).fit(rows, np.where(rows[:, 0] > 0, "é", "no"))
    model.set_probability_threshold(0.9)
    model.save_model(str(tmp_path / "model.cbm"))
    source = agree(tmp_path / "model.cbm", rows)
    assert source.outputs[0].classes == ("no", "é")
    assert (model.predict_proba(rows)[:, 1] > 0.5).sum() != (model.predict(rows) == "é").sum()


def test_without_a_sample_the_columns_are_numbers(tmp_path: Path) -> None:
    """A model read from a file says that it has no features; its names say how many."""
    rows = table()
    CatBoostRegressor(**SMALL).fit(rows, rows[:, 0]).save_model(str(tmp_path / "model.cbm"))
    assert read_file(tmp_path / "model.cbm", []).n_features_in_ == 0
    source = open_source(tmp_path / "model.cbm")
    assert [column.name for column in source.signature.columns] == ["x0", "x1", "x2", "x3", "x4"]


def test_a_model_without_a_loss_gives_raw_values_and_says_so(tmp_path: Path) -> None:
    rows = table()
    models = [CatBoostRegressor(**SMALL, random_seed=seed).fit(rows, rows[:, 0]) for seed in (1, 2)]
    sum_models(models).save_model(str(tmp_path / "sum.cbm"))
    source = agree(tmp_path / "sum.cbm", rows, exact=True)
    assert source.estimator == "CatBoost"
    assert any("raw values" in note for note in source.notes)


@pytest.mark.parametrize("what", ["empty", "junk", "half", "without its end", "a length beyond the file"])
def test_a_file_that_is_no_model_or_cut_short_is_an_error(what: str, tmp_path: Path) -> None:
    path, _ = RECIPES["file categories"]()
    whole = path.read_bytes()
    path = tmp_path / "broken.cbm"
    path.write_bytes(
        {
            "empty": b"",
            "junk": b"no model at all " * 99,
            "half": whole[: len(whole) // 2],
            "without its end": whole[:-7],
            "a length beyond the file": whole[:4] + b"\xff\xff\xff\x7f" + whole[8:],
        }[what]
    )
    with pytest.raises(ModelFileError, match=r"broken\.cbm is no CatBoost model, or it is cut short") as caught:
        open_source(path)
    assert ".cpp" not in str(caught.value)


def test_an_estimator_that_was_never_fitted_is_an_error() -> None:
    with pytest.raises(ModelFileError, match="not fitted"):
        open_source(CatBoostClassifier())


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "ended with code -15"),
        ("import os; os._exit(77)", "ended with code 77"),
        ("import time; time.sleep(60)", "did not end within 1 s"),
    ],
)
def test_a_file_that_ends_its_reader_is_refused_before_this_process_reads_it(
    program: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process stands for CatBoost; the file itself is harmless."""
    monkeypatch.setattr(separate_process, "_PROGRAM", program)
    monkeypatch.setattr(separate_process, "PATIENCE", 1 if "sleep" in program else 60)
    monkeypatch.setattr("catboost.CatBoost.load_model", lambda *_, **__: pytest.fail("it was read here"))
    (tmp_path / "m.cbm").write_bytes(b"anything")
    with pytest.raises(ModelFileError, match=said):
        open_source(tmp_path / "m.cbm")


@pytest.mark.parametrize("name", ["categories", "ranker"])
def test_the_other_process_reads_what_is_sound(name: str) -> None:
    path, _ = RECIPES[f"file {name}"]()
    ran = subprocess.run(
        [sys.executable, "-c", separate_process._PROGRAM, str(path)], capture_output=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()
