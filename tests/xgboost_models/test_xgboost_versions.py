"""Models of a newer XGBoost than the one that is here, which an older one reads wrongly and in silence."""

from __future__ import annotations

import json
import pickle

import joblib
import pytest
import xgboost
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgb_tables import BINARY, SMALL, X

import isoship
from isoship.errors import ModelFileError, UnsupportedModelError

#: Without a 1, which counts as missing in one of the files.
Z = X[(X != 1).all(axis=1)]
MODEL = xgboost.XGBClassifier(**SMALL).fit(X, BINARY)


@pytest.fixture
def older(monkeypatch):
    """As if a release before the one that writes these files were running."""
    monkeypatch.setattr(xgboost, "__version__", "3.1.3")


@pytest.mark.parametrize("suffix", ["json", "ubj"])
def test_a_newer_file_is_refused(suffix, older, tmp_path):
    path = tmp_path / f"model.{suffix}"
    MODEL.save_model(path)
    with pytest.raises(ModelFileError, match=r"written by XGBoost 3\.2\.\d and this is 3\.1\.3.*xgboost>=3\.2"):
        isoship.to_onnx(path, sample=X)


PICKLES = {
    "pickle": lambda path: path.write_bytes(pickle.dumps(MODEL)),
    "pickle of protocol 2": lambda path: path.write_bytes(pickle.dumps(MODEL, protocol=2)),
    "booster": lambda path: path.write_bytes(pickle.dumps(MODEL.get_booster())),
    "in a pipeline": lambda path: joblib.dump(make_pipeline(StandardScaler(), MODEL), path),
    "zlib": lambda path: joblib.dump(MODEL, path, compress=3),
    "gzip": lambda path: joblib.dump(MODEL, path, compress=("gzip", 3)),
    "bz2": lambda path: joblib.dump(MODEL, path, compress=("bz2", 3)),
    "lzma": lambda path: joblib.dump(MODEL, path, compress=("lzma", 3)),
    "xz": lambda path: joblib.dump(MODEL, path, compress=("xz", 3)),
}


@pytest.mark.parametrize("write", PICKLES.values(), ids=PICKLES)
def test_a_pickle_that_holds_a_newer_booster_is_refused(write, older, tmp_path):
    path = tmp_path / "model.joblib"
    write(path)
    with pytest.raises(ModelFileError, match=r"written by XGBoost 3\.2\.\d and this is 3\.1\.3"):
        isoship.to_onnx(path, sample=X)


def test_the_release_that_wrote_a_model_and_later_ones_read_it(monkeypatch, tmp_path):
    path = tmp_path / "model.joblib"
    PICKLES["pickle"](path)
    isoship.to_onnx(path, sample=X)
    monkeypatch.setattr(xgboost, "__version__", "3.10.0")
    isoship.to_onnx(path, sample=X)


def test_an_xgboost_below_the_lowest_is_named(monkeypatch):
    monkeypatch.setattr(xgboost, "__version__", "3.0.5")
    with pytest.raises(UnsupportedModelError, match=r"this is 3\.0\.5.*xgboost>=3\.1"):
        isoship.to_onnx(MODEL, sample=X)


@pytest.mark.parametrize("name", ["model.model", "model.json", "model.bin"])
def test_the_old_binary_form_is_named_whatever_its_name(name, tmp_path):
    """136 bytes of parameters as they lay in memory, then the names of objective and booster with their lengths."""
    header = b"\0\0\0\x3f" + (3).to_bytes(4, "little") + bytes(128)
    names = b"".join(len(part).to_bytes(8, "little") + part for part in (b"binary:logistic", b"gbtree"))
    path = tmp_path / name
    path.write_bytes(header + names + bytes(200))
    with pytest.raises(ModelFileError, match=r"old binary form.*save_model\('model.json'\)"):
        isoship.to_onnx(path, sample=X)


def test_what_the_attribute_of_1_3_says_of_early_stopping_is_kept(tmp_path):
    """XGBoost 1.0 to 1.3 wrote the class as `type`, and the best round there alone."""
    path = tmp_path / "model.json"
    MODEL.save_model(path)
    document = json.loads(path.read_bytes())
    kept = {"type": "XGBClassifier", "best_ntree_limit": 4, "missing": 1, "_le": {"classes_": ["no", "yes"]}}
    document["learner"]["attributes"] = {"scikit_learn": json.dumps(kept)}
    path.write_text(json.dumps(document))
    from isoship.sources.xgboost.files import read_file

    notes: list[str] = []
    model = read_file(path, notes)
    assert isinstance(model, xgboost.XGBClassifier)
    assert model.missing == 1
    assert (model.predict_proba(Z) == MODEL.predict_proba(Z, iteration_range=(0, 4))).all()
    assert any("0 is 'no', 1 is 'yes'" in note for note in notes)
