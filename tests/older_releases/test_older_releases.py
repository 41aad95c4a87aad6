"""Files and pickles that other releases wrote (make.py): answered as the library that wrote them answered, or refused
by a message that names the release."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest

from isoship.errors import IsoshipError
from isoship.rows.columns import feeds_from_rows, rows_from_sample
from isoship.sources import open_source

FILES = Path(__file__).parent / "files"
KEPT = {folder.name: json.loads((folder / "expected.json").read_text()) for folder in sorted(FILES.iterdir())}
MODELS = [
    pytest.param(release, name, id=f"{release}-{name}") for release, kept in KEPT.items() for name in kept["models"]
]
#: XGBoost's links are float32, and its `exp` differs between builds by a unit in the last place.
FLOAT32 = 3e-7


def sample_of(kept: dict[str, Any]) -> Any:
    if not kept["named"]:
        return np.array(kept["rows"], float)
    frame = pd.DataFrame(kept["rows"], columns=kept["columns"])
    if "town" in frame:  # every category, which CatBoost keeps as hashes alone
        towns = pd.DataFrame([frame.iloc[0]] * 3).assign(town=["Aker", "Bodo", "Voss"])
        frame = pd.concat([frame, towns.astype(frame.dtypes)], ignore_index=True)
    return frame


def answered(path: Path, kept: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The graph's answers for the kept rows, and the notes."""
    sample = sample_of(kept)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = open_source(path, sample=sample)
        graph = source.to_onnx()
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    rows = rows_from_sample(sample[: len(kept["rows"])], source.signature)
    names = [output.name for output in session.get_outputs()]
    feeds = feeds_from_rows(rows, source.signature)
    asked = {each.name for each in session.get_inputs()}
    got = session.run(None, {name: feed for name, feed in feeds.items() if name in asked})
    return dict(zip(names, got, strict=True)), list(source.notes)


@pytest.mark.parametrize(("release", "name"), MODELS)
def test_a_model_of_another_release_is_answered_as_it_answered_or_refused_by_name(release, name):
    kept = KEPT[release]["models"][name]
    try:
        got, notes = answered(FILES / release / name, kept)
    except IsoshipError as err:
        said = str(err).replace(str(FILES), "").replace(release, "")  # the path names it, too
    else:
        said = ""
    if name == "old_form.model":  # which does not hold its release
        assert "XGBoost's old binary form, which XGBoost 3.1 and later do not read" in said
        return
    if said:
        assert any(version in said for version in KEPT[release]["wrote"]), said
        return
    wanted = kept["answers"]
    if name == "missing_zero.json" and release >= "xgboost-2":
        assert any("does not keep the parameter `missing`" in note for note in notes)
        return  # and so nobody can answer as the model did
    for key in ("probabilities", "value"):
        if key in wanted:
            tolerance = FLOAT32 if release.startswith("xgboost") else 1e-9
            np.testing.assert_allclose(got[key], np.array(wanted[key]), rtol=tolerance, atol=tolerance)
    if "label" in wanted:
        assert got["label"].tolist() == wanted["label"]
    if "names" in wanted:  # the file keeps them and XGBoost does not read them: a note does
        numbers = sorted(set(wanted["names"]))
        assert [numbers[label] for label in got["label"]] == wanted["names"]
        assert any("0 is 'no', 1 is 'yes'" in note for note in notes)


@pytest.mark.parametrize("release", [each for each in KEPT if each.startswith("lightgbm")])
@pytest.mark.parametrize("name", ["frame_value.pkl", "towns.pkl", "booster.pkl"])
def test_columns_of_lightgbm_pickles_go_by_name_in_any_order(release, name):
    """Releases before 4.7 do not pickle that there were names; the Booster has them."""
    kept = KEPT[release]["models"][name]
    sample = sample_of(kept)
    source = open_source(FILES / release / name, sample=sample[sample.columns[::-1]])
    assert [column.name for column in source.signature.columns] == kept["columns"]


def test_the_newest_release_is_answered():
    """What no release of today refuses would otherwise be no proof."""
    newest = ("xgboost-3.2.0", "lightgbm-4.7.0", "catboost-1.2.10", "scikit-learn-1.9.1")
    for release in newest:
        for name, kept in KEPT[release]["models"].items():
            answered(FILES / release / name, kept)
