"""SavedModel folders: the serving signature ships; what reaches outside the graph is refused before it runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as L

import isoship
from isoship.errors import IsoshipError, ModelFileError, UnsupportedModelError
from isoship.sources.tensor_models import open_tensor_source

ROWS = np.arange(6, dtype=np.float32).reshape(2, 3)


class Module(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weights = tf.Variable(np.arange(6, dtype=np.float32).reshape(3, 2))

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "late"), tf.TensorSpec([None, 3], name="early")])
    def serve(self, late: Any, early: Any) -> Any:
        return {"scores": tf.matmul(late - 2 * early, self.weights), "best": tf.argmax(early, -1)}

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "x")])
    def counted(self, x: Any) -> Any:
        self.weights.assign_add(tf.ones((3, 2)))
        return {"y": tf.matmul(x, self.weights)}

    @tf.function(input_signature=[tf.TensorSpec([], tf.string, "path")])
    def reads(self, path: Any) -> Any:
        return {"y": tf.io.read_file(path)}


def test_a_signature_is_carried_by_its_names(tmp_path: Path) -> None:
    module = Module()
    tf.saved_model.save(module, str(tmp_path / "folder"), signatures=module.serve)
    source = open_tensor_source(tmp_path / "folder")
    assert [one.name for one in source.signature.inputs] == ["early", "late"]
    made = source.answers({"early": ROWS, "late": 3 * ROWS})
    truth = module.serve(3 * ROWS, ROWS)
    for name, array in truth.items():
        np.testing.assert_array_equal(made[name], array.numpy())


def test_keras_models_export_as_folders(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((8, 8, 2), name="x"), L.Conv2D(3, 3), L.Flatten(), L.Dense(2)])
    model.export(tmp_path / "folder", verbose=False)
    bundle = isoship.export(tmp_path / "folder", out=tmp_path / "bundle", name="m", targets=())
    pixels = np.random.default_rng(0).normal(size=(2, 8, 8, 2)).astype(np.float32)
    made = isoship.load(bundle.path).predict({bundle.manifest.signature.inputs[0].name: pixels})
    np.testing.assert_allclose(made["output_0"], model(pixels).numpy(), rtol=1e-5, atol=1e-6)
    assert isoship.check(bundle.path, runtimes=("onnxruntime",)).evidence == "source"


@pytest.mark.parametrize(("function", "says"), [("reads", "ReadFile"), ("counted", "AssignAddVariableOp|two ways")])
def test_what_a_graph_may_not_do(tmp_path: Path, function: str, says: str) -> None:
    module = Module()
    tf.saved_model.save(module, str(tmp_path / "folder"), signatures=getattr(module, function))
    with pytest.raises(UnsupportedModelError, match=says):
        open_tensor_source(tmp_path / "folder")


def test_tables_are_refused_before_anything_fills_them(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((1,), dtype="string", name="x"), L.StringLookup(vocabulary=["a", "b"])])
    model.export(tmp_path / "folder", verbose=False)
    with pytest.raises(UnsupportedModelError, match="a table"):
        open_tensor_source(tmp_path / "folder")


def test_tensorflow_1_is_called_so(tmp_path: Path) -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, [None, 2], name="x")
        tf.compat.v1.saved_model.simple_save(session, str(tmp_path / "folder"), {"x": x}, {"y": x * 2})
    with pytest.raises(ModelFileError, match="written by TensorFlow 1"):
        open_tensor_source(tmp_path / "folder")


def test_without_a_signature_nothing_says_what_it_takes(tmp_path: Path) -> None:
    module = tf.Module()
    module.weights = tf.Variable(1.0)
    tf.saved_model.save(module, str(tmp_path / "folder"))
    with pytest.raises(ModelFileError, match="has no signature"):
        open_tensor_source(tmp_path / "folder")


@pytest.mark.parametrize("content", [b"", b"no protobuf", b"\x08"])
def test_a_damaged_folder_is_an_error_of_ours(tmp_path: Path, content: bytes) -> None:
    module = Module()
    tf.saved_model.save(module, str(tmp_path / "folder"), signatures=module.serve)
    (tmp_path / "folder" / "saved_model.pb").write_bytes(content)
    with pytest.raises(IsoshipError):
        open_tensor_source(tmp_path / "folder")
    tf.saved_model.save(module, str(tmp_path / "other"), signatures=module.serve)
    shutil.rmtree(tmp_path / "other" / "variables")
    with pytest.raises(ModelFileError, match="does not load"):
        open_tensor_source(tmp_path / "other")
