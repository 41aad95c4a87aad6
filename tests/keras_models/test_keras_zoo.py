"""Networks of people's shapes: each file is read, and its graph answers as Keras does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras_zoo import ZOO

import isoship
from isoship.sources.keras.source import KerasSource
from isoship.sources.tensor_models import open_tensor_source
from isoship.sources.tensorflow.held import plain_call
from isoship.tensors.run import Runs

#: The model's own inputs and outputs, in its order: name, dtype and shape.
SIGNATURES: dict[str, tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]] = {
    "mobilenet": (
        [("pixels", "uint8", ("batch", 96, 96, 3))],
        [("probabilities", "float", ("batch", 10))],
    ),
    "resnet": ([("image", "float", ("batch", 64, 64, 3))], [("logits", "float", ("batch", 5))]),
    "transformer": ([("tokens", "int32", ("batch", 16))], [("classes", "float", ("batch", 3))]),
    "lstm": ([("tokens", "int32", ("batch", "tokens_1"))], [("score", "float", ("batch", 1))]),
    "gru": ([("series", "float", ("batch", 24, 4))], [("classes", "float", ("batch", 4))]),
    "unet": (
        [("image", "float", ("batch", 32, 32, 1))],
        [("mask", "float", ("batch", 32, 32, 1)), ("area", "float", ("batch", 1))],
    ),
    "wavenet": (
        [("signal", "float", ("batch", "signal_1", 2))],
        [("frames", "float", ("batch", "signal_1", 3))],
    ),
    "grouped": ([("image", "float", ("batch", 24, 24, 4))], [("logits", "float", ("batch", 4))]),
    "shared": (
        [("query", "float", ("batch", 6)), ("candidate", "float", ("batch", 6))],
        [("subtract", "float", ("batch", 3)), ("tower", "float", ("batch", 3))],
    ),
}


@pytest.mark.parametrize("name", ZOO)
def test_a_file_is_carried_under_the_models_own_names(tmp_path: Path, name: str) -> None:
    model = ZOO[name]()
    model.save(tmp_path / "model.keras")
    source = open_tensor_source(tmp_path / "model.keras")
    inputs, outputs = SIGNATURES[name]
    assert [(one.name, one.dtype, one.shape) for one in source.signature.inputs] == inputs
    assert [(one.name, one.dtype, one.shape) for one in source.outputs] == outputs
    graph = source.to_onnx()
    call = plain_call(source.signature.inputs, batch=5, length=11)
    truth, seen = source.answers(call), Runs(graph)(call)
    for output in source.outputs:
        np.testing.assert_allclose(seen[output.name], truth[output.name], rtol=2e-5, atol=2e-6)


def test_the_files_answers_are_the_models(tmp_path: Path) -> None:
    model = ZOO["shared"]()
    model.save(tmp_path / "model.keras")
    call = {name: np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32) for name in ("query", "candidate")}
    first, second = (tensor.numpy() for tensor in model(call, training=False))
    made = open_tensor_source(tmp_path / "model.keras").answers(call)
    np.testing.assert_array_equal(made["subtract"], first)
    np.testing.assert_array_equal(made["tower"], second)


@pytest.mark.parametrize("name", ["transformer", "gru"])
def test_a_file_has_one_graph(tmp_path: Path, name: str) -> None:
    """The same bytes, whatever was converted before and in every process: a check converts the model again."""
    ZOO[name]().save(tmp_path / "model.keras")
    program = (
        "import sys, hashlib; from isoship.sources.tensor_models import open_tensor_source as o;"
        "made = [o(sys.argv[1]).to_onnx().SerializeToString(deterministic=True) for _ in range(2)];"
        "print(*(hashlib.sha256(each).hexdigest() for each in made))"
    )
    digests = set()
    for seed in ("1", "2"):
        command = [sys.executable, "-c", program, str(tmp_path / "model.keras")]
        said = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True)
        assert said.returncode == 0, said.stderr[-2000:]
        digests |= {*said.stdout.split()}
    assert len(digests) == 1


def test_an_embedding_takes_its_own_indices_alone() -> None:
    """Keras counts from the end once; its graph would do it twice, and take -100 for the first of 50 rows."""
    (tokens,) = KerasSource(ZOO["transformer"]()).signature.inputs
    assert (tokens.minimum, tokens.maximum) == (-50, 49)


@pytest.mark.parametrize("name", ["transformer", "unet", "lstm"])
def test_a_network_becomes_a_bundle(tmp_path: Path, name: str) -> None:
    model = ZOO[name]()
    model.save(tmp_path / "model.keras")
    bundle = isoship.export(tmp_path / "model.keras", out=tmp_path / "bundle", targets=("edge",), edge_arch=("x86_64",))
    call = plain_call(bundle.manifest.signature.inputs)
    made = isoship.load(bundle.path).predict(call)
    truth = KerasSource(model).answers(call)
    for output, array in truth.items():
        np.testing.assert_allclose(made[output], array, rtol=2e-5, atol=2e-6)
    assert isoship.check(bundle.path, runtimes=("onnxruntime",)).evidence == "source"
