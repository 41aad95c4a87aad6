"""`.keras` files: data until their owner says otherwise. Models of the user's own classes come in memory."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as L

import isoship
from isoship.errors import ModelFileError, SampleError
from isoship.sources.keras.files import read_file
from isoship.sources.keras.source import KerasSource, opened

PLAIN = {"module": "keras.layers", "class_name": "Dense", "registered_name": None}


def saved(path: Path) -> Path:
    keras.Sequential([keras.Input((3,), name="x"), L.Dense(2, name="scores")]).save(path / "model.keras")
    return path / "model.keras"


def with_config(path: Path, change: Callable[[Any], Any]) -> Path:
    """The file with another configuration."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    held["config.json"] = json.dumps(change(json.loads(held["config.json"]))).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    return path


def layer(config: Any, /, **values: Any) -> Any:
    config["config"]["layers"][1] |= values
    return config


def test_a_file_is_read_without_a_note(tmp_path: Path) -> None:
    notes: list[str] = []
    model = read_file(saved(tmp_path), notes)
    assert notes == []
    assert model.name.startswith("sequential")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: layer(c, module="os", class_name="system"), r"needs 'os\.system'.*not Keras's own"),
        (lambda c: layer(c, module="keras_other.layers"), r"needs 'keras_other\.layers\.Dense'"),
        (lambda c: layer(c, module=None, class_name="Mine", registered_name="shop>Mine"), "needs 'shop>Mine'"),
        (lambda c: layer(c, class_name="Lambda"), "holds a lambda, whose code"),
        (lambda c: layer(c, class_name="TFSMLayer"), "holds a TFSMLayer, whose code"),
        (lambda c: layer(c, config={"activation": {"class_name": "__lambda__", "config": {}}}), "holds a lambda"),
        (
            lambda c: layer(c, class_name="StringLookup", config={"vocabulary": "/etc/hostname"}),
            "a vocabulary from the file '/etc/hostname'",
        ),
        (lambda c: layer(c, class_name="NoSuchLayer"), "does not read"),
        (lambda c: [], "no object"),
    ],
)
def test_what_a_configuration_may_not_name(tmp_path: Path, change: Callable[[Any], Any], says: str) -> None:
    path = with_config(saved(tmp_path), change)
    with pytest.raises(ModelFileError, match=says) as caught:
        opened(path)
    assert str(path) in str(caught.value)


def test_a_lambda_is_refused_with_the_way_out(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4,), name="x"), L.Lambda(lambda x: x + 1, output_shape=(4,))])
    model.save(tmp_path / "model.keras")
    with pytest.raises(ModelFileError, match=r"give the model itself to isoship\.export\(model\)"):
        opened(tmp_path / "model.keras")
    assert opened(model).outputs[0].shape == ("batch", 4)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut"])
def test_damaged_files_are_errors_of_ours(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.keras").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"no \.keras file.*model\.save"):
        opened(tmp_path / "model.keras")


class Own(keras.Model):
    """A class of the user's own, whose inputs no configuration knows."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = L.Dense(2)

    def call(self, x: Any, training: bool = False) -> Any:
        return self.dense(x) * (2.0 if training else 1.0)


def test_a_class_of_ones_own_takes_its_inputs_from_the_sample() -> None:
    model, rows = Own(), np.ones((2, 3), np.float32)
    truth = model(rows).numpy()
    with pytest.raises(SampleError, match="class of your own"):
        KerasSource(model)
    source = KerasSource(model, sample=rows)
    assert [(one.name, one.shape) for one in source.signature.inputs] == [("input", ("batch", 3))]
    np.testing.assert_array_equal(source.answers({"input": rows})["output"], truth)


def test_training_is_off_and_weights_stay(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,), name="x"), L.BatchNormalization(), L.Dropout(0.5)])
    before = [each.numpy() for each in model.variables]
    bundle = isoship.export(model, out=tmp_path / "bundle", name="m", targets=())
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(before, model.variables, strict=True))
    assert bundle.manifest.signature.layout == "tensors"
