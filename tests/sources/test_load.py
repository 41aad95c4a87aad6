"""Model files: what is read, and the one paragraph with the way out that everything else gets."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import warnings
import zipfile
from importlib.util import find_spec
from pathlib import Path

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.cluster import DBSCAN
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bundles import make_bundle
from isoship.errors import IsoshipError, MissingExtraError, ModelFileError
from isoship.sources import open_source
from isoship.sources.load import load_model
from isoship.sources.pickles import LZ4
from isoship.sources.sklearn.saved_by import release_in
from isoship.sources.tensor_models import open_tensor_source

X = np.arange(12.0).reshape(6, 2)


@pytest.fixture
def model():
    return LinearRegression().fit(X, X.sum(axis=1))


def one_paragraph(error: IsoshipError) -> bool:
    return "\n" not in str(error) and len(str(error)) < 500


@pytest.mark.parametrize("suffix", [".joblib", ".pkl", ".pickle"])
def test_a_pickle_is_read_and_its_note_says_that_it_runs_code(tmp_path, model, suffix) -> None:
    path = tmp_path / f"m{suffix}"
    joblib.dump(model, path) if suffix == ".joblib" else path.write_bytes(pickle.dumps(model))
    loaded, notes = load_model(path)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert len(notes) == 1
    assert "runs code" in notes[0]
    assert ".skops" in notes[0]


class Loud:
    """A pickle of it writes to standard error while it is loaded."""

    def __reduce__(self):
        return os.write, (2, b"the pickle runs\n")


def test_the_warning_comes_before_anything_of_a_pickle_runs(tmp_path) -> None:
    """On the command line, by `export` and by `check`; once."""
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(Loud()))
    bundle = make_bundle(tmp_path / "bundle")
    for arguments in (
        ["export", "m.pkl", "-o", "out"],
        ["check", str(bundle), "--model", "m.pkl", "--runtimes", "edge"],
    ):
        command = [sys.executable, "-m", "isoship", *arguments]
        said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False).stderr
        warned, ran = said.find("loading it runs code"), said.find("the pickle runs")
        assert 0 <= warned < ran, said
        assert said.count("loading it runs code") == 1


def test_a_skops_file_is_read_without_a_note(tmp_path, model) -> None:
    from skops.io import dump

    dump(model, tmp_path / "m.skops")
    source = open_source(tmp_path / "m.skops")
    assert not any("code" in note for note in source.notes)
    np.testing.assert_allclose(source.answers([{"x0": 1.0, "x1": 2.0}]).outputs["value"], [3.0])


def test_a_skops_file_with_a_foreign_type_is_refused_by_the_types_name(tmp_path) -> None:
    from skops.io import dump

    dump(FunctionTransformer(one_paragraph), tmp_path / "m.skops")
    with pytest.raises(ModelFileError, match="one_paragraph") as caught:
        load_model(tmp_path / "m.skops")
    assert one_paragraph(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.joblib", None, "no model file"),
        ("text.joblib", b"hello, this is no pickle", "no model file: "),
        ("empty.pkl", b"", "is no model file"),
        ("cut.pkl", pickle.dumps(LinearRegression())[:40], "is no model file"),
        ("elsewhere.pkl", b"cno_such_module\nThing\n.", "no_such_module"),
        ("m.skops", b"not a zip", "no .skops file"),
        ("m.pt", b"", "torch.export"),
        ("m.pth", b"", "torch.export"),
        ("m.h5", b"", "model.save"),
        ("m.onnx", b"", "a model of tensors"),
        ("m.pb", b"", "tf2onnx.convert --graphdef"),
        ("m.tflite", b"", "tf2onnx.convert --tflite"),
        ("m.mlmodel", b"", "Core ML"),
        ("m.safetensors", b"", "holds weights and not the model"),
        ("m.ort", b"", "Give the .onnx file"),
        ("m.gguf", b"", "llama.cpp"),
        ("m.csv", b"a,b\n", "does not look like a model"),
    ],
)
def test_files_that_are_no_models_say_the_way_out(tmp_path, name, content, says) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        load_model(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert one_paragraph(caught.value)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([], "neither MLflow.s nor a SavedModel. Give a .joblib"),
        (["churn.joblib"], "In it is churn.joblib: isoship export FOLDER/churn.joblib"),
        (["manifest.json", "model.onnx"], "is a bundle of isoship's: isoship check FOLDER"),
    ],
)
def test_a_folder_is_called_what_it_is_and_the_file_in_it_is_named(tmp_path, files, says) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ModelFileError, match=says.replace("FOLDER", str(tmp_path))) as caught:
        load_model(tmp_path)
    assert one_paragraph(caught.value)


def test_a_network_whose_library_is_missing_says_the_line_that_installs_it(tmp_path) -> None:
    assert find_spec("keras") is None
    assert find_spec("tensorflow") is None
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "saved_model.pb").write_bytes(b"")
    for name, extra in (("m.keras", "keras"), ("folder", "tensorflow")):
        with pytest.raises(MissingExtraError, match=rf"pip install 'isoship\[{extra}\]'"):
            open_tensor_source(tmp_path / name)


@pytest.mark.parametrize(
    ("thing", "says"),
    [
        (LinearRegression(), "is not fitted"),
        (StandardScaler(), "is not fitted"),
        ({"a": 1}, "no model but a dict"),
        (LogisticRegression, "class"),
        (DBSCAN().fit(X), "no predict for new rows"),
    ],
)
def test_objects_that_are_no_fitted_models_say_the_way_out(thing, says) -> None:
    with pytest.raises(ModelFileError, match=says) as caught:
        open_source(thing)
    assert one_paragraph(caught.value)


@pytest.mark.parametrize(("version", "fails"), [("1.9.0", False), ("1.5.2", True), ("0.24.1", True)])
def test_another_version_is_a_note_and_another_minor_version_an_error(tmp_path, model, monkeypatch, version, fails):
    joblib.dump(model, tmp_path / "m.joblib")

    def load(_path):
        warnings.warn(
            InconsistentVersionWarning(
                estimator_name="LinearRegression", current_sklearn_version="1.9.1", original_sklearn_version=version
            ),
            stacklevel=1,
        )
        return model

    monkeypatch.setattr(joblib, "load", load)
    if fails:
        with pytest.raises(ModelFileError, match=f"saved by scikit-learn {version} and this is 1.9.1"):
            load_model(tmp_path / "m.joblib")
    else:
        _, notes = load_model(tmp_path / "m.joblib")
        assert f"m.joblib was saved by scikit-learn {version}; this is 1.9.1" in notes


class Tripwire:
    """Loading it makes a folder."""

    def __init__(self, path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


FORMS = [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)]


class TestRelease:
    """scikit-learn ends an estimator's state with its version, which is read before anything of the pickle runs."""

    @pytest.mark.parametrize("compress", FORMS, ids=str)
    def test_another_release_is_named_before_the_pickle_runs(self, tmp_path, monkeypatch, compress) -> None:
        monkeypatch.setattr("sklearn.base.__version__", "9.7.2")
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, X[:, 0] > 5)
        model.beside = [np.zeros(20_000), Tripwire(tmp_path / "ran")]
        joblib.dump(model, tmp_path / "old.joblib", compress=compress)
        with pytest.raises(
            ModelFileError, match=r"saved by scikit-learn 9\.7\.2 .*pip install 'scikit-learn==9\.7\.2'"
        ):
            load_model(tmp_path / "old.joblib")
        assert not (tmp_path / "ran").exists()

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_in_every_protocol(self, tmp_path, monkeypatch, model, protocol) -> None:
        monkeypatch.setattr("sklearn.base.__version__", "1.7.dev0")
        assert release_in(pickle.dumps(model, protocol)) == "1.7.dev0"
        assert release_in(pickle.dumps(X, protocol)) is None

    def test_a_release_below_our_lowest_is_not_the_advice(self, tmp_path, monkeypatch, model) -> None:
        monkeypatch.setattr("sklearn.base.__version__", "0.24.1")
        (tmp_path / "old.pkl").write_bytes(pickle.dumps(model))
        with pytest.raises(ModelFileError, match=r"saved by scikit-learn 0\.24\.1 .*train the model again") as caught:
            load_model(tmp_path / "old.pkl")
        assert "pip install" not in str(caught.value)
        assert one_paragraph(caught.value)

    def test_another_patch_release_is_a_note(self, tmp_path, monkeypatch, model) -> None:
        saved = ".".join(sklearn.__version__.split(".")[:2]) + ".99"
        monkeypatch.setattr("sklearn.base.__version__", saved)
        pickled = pickle.dumps(model)
        monkeypatch.undo()
        (tmp_path / "m.pkl").write_bytes(pickled)
        _, notes = load_model(tmp_path / "m.pkl")
        assert f"m.pkl was saved by scikit-learn {saved}; this is {sklearn.__version__}" in notes


class TestMissingCode:
    """A pickle names classes and does not hold them."""

    @pytest.mark.parametrize(
        ("pickled", "says"),
        [
            (b"cno_such_package.inner\nThing\n.", "'no_such_package' is not installed"),
            (b"csteps_of_mine\nThing\n.", "If it is a file of yours, give that: --converters steps_of_mine.py"),
            (b"csklearn.no_such_module\nThing\n.", "the sklearn that is installed here has no module"),
            (
                b"csklearn.linear_model\nNoSuchModel\n.",
                "'sklearn.linear_model' that is installed here has no 'NoSuchModel'",
            ),
            (b"c__main__\nCleaner\n.", "'Cleaner' was defined in the notebook or script"),
        ],
    )
    def test_it_is_named(self, tmp_path, pickled, says) -> None:
        (tmp_path / "m.pkl").write_bytes(pickled)
        with pytest.raises(ModelFileError, match=says) as caught:
            load_model(tmp_path / "m.pkl")
        assert one_paragraph(caught.value)

    @pytest.mark.skipif(find_spec("lz4") is not None, reason="lz4 is here")
    def test_lz4_is_named(self, tmp_path) -> None:
        (tmp_path / "m.joblib").write_bytes(LZ4 + bytes(20))
        with pytest.raises(ModelFileError, match="pip install lz4"):
            load_model(tmp_path / "m.joblib")
