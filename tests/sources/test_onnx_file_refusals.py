"""What an ONNX file may hold that does not ship: each named, with the way out; and files that mean harm."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx_graphs import linear, model, value

from isoship.errors import IsoshipError, ModelFileError, UnsupportedModelError
from isoship.sources.onnx_file.source import OnnxFile
from isoship.tensors.graph import tensors_of

X, Y = value("x"), value("y", shape=None)


def one(op: str, *inputs: str, weights=None, output=Y, opset=17, others=None, domain="", **attributes):
    node = helper.make_node(op, inputs or ["x"], ["y"], name="it", domain=domain, **attributes)
    return model([node], [X], [output], weights, opset=opset, others=others)


def sequence() -> onnx.ValueInfoProto:
    kind = helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, None))
    return helper.make_value_info("y", kind)


def optional_input() -> onnx.ModelProto:
    made = one("OptionalGetElement", opset=18)
    kind = helper.make_optional_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, [2]))
    made.graph.input[0].CopyFrom(helper.make_value_info("x", kind))
    return made


NORMS = {name: np.ones(3, "f4") for name in "abcd"}


@pytest.mark.parametrize(("made", "said"), [
    (one("RandomNormalLike"), "node 'it' (RandomNormalLike) cannot be carried exactly: it draws random numbers"),
    (one("Bernoulli"), "(Bernoulli) cannot be carried exactly: it draws random numbers"),
    (one("Dropout", "x", "r", "t", weights={"r": np.float32(0.5), "t": np.bool_(True)}), "training mode"),
    (one("BatchNormalization", "x", *"abcd", weights=NORMS, training_mode=1), "by the batch that it is asked in"),
    (one("Nonsense"), "opset 17 of ai.onnx has no such operator"),
    (one("Gelu"), "opset 17 of ai.onnx has no such operator"),
    (one("Hash", domain="mine", others={"mine": 1}), "the domain 'mine' is of somebody's own"),
    (one("SequenceConstruct", output=sequence()), "the output 'y' cannot be carried exactly: it is a sequence"),
    (optional_input(), "the input 'x' cannot be carried exactly: it is optional"),
    (one("Cast", to=TensorProto.BFLOAT16, output=value("y", "bfloat16", None)), "its elements are bfloat16"),
])  # fmt: skip
def test_refused_by_name(made: onnx.ModelProto, said: str) -> None:
    with pytest.raises(UnsupportedModelError, match=re.escape(said)) as caught:
        OnnxFile(made)
    assert len(str(caught.value)) < 600
    assert caught.value.instead


def test_dropout_at_rest_is_carried() -> None:
    made = one("Dropout", "x", "r", "t", weights={"r": np.float32(0.5), "t": np.bool_(False)})
    assert OnnxFile(made).outputs[0].shape == ("N", 3)


def test_random_nodes_that_answer_nothing_are_left_alone() -> None:
    made = one("Neg")
    made.graph.node.append(helper.make_node("RandomUniformLike", ["x"], ["unused"]))
    OnnxFile(made)


def test_an_input_without_a_shape_asks_for_a_sample() -> None:
    made = one("Neg")
    made.graph.input[0].CopyFrom(value("x", shape=None))
    with pytest.raises(UnsupportedModelError, match=r"says nothing of its shape.*--sample calls\.npz"):
        OnnxFile(made)


def test_a_graph_that_no_size_suits() -> None:
    made = model(
        [helper.make_node("Reshape", ["x", "to"], ["y"])],
        [value("x", shape=("N", "M"))],
        [Y],
        {"to": np.array([1234567])},
    )
    with pytest.raises(UnsupportedModelError, match=r"answers none of the calls.*--sample"):
        OnnxFile(made)


@pytest.mark.parametrize(("data", "said"), [
    (b"", "holds no ONNX graph"),
    (b"hello, this is a text", "no ONNX"),
    (linear().SerializeToString()[:-30], "no ONNX"),
])  # fmt: skip
def test_no_onnx_file(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "m.onnx").write_bytes(data)
    with pytest.raises(IsoshipError, match=said):
        OnnxFile(tmp_path / "m.onnx")


def with_weights_beside(folder: Path, location: str = "m.data", **more: str) -> Path:
    """The weights `w` in a file of their own."""
    made = linear()
    (w,) = [tensor for tensor in tensors_of(made) if tensor.name == "w"]
    (folder / "m.data").write_bytes(w.raw_data)
    w.ClearField("raw_data")
    w.data_location = TensorProto.EXTERNAL
    for key, entry in {"location": location, **more}.items():
        w.external_data.add(key=key, value=entry)
    (folder / "m.onnx").write_bytes(made.SerializeToString())
    return folder / "m.onnx"


def test_weights_beside_the_file_are_taken_in(tmp_path: Path) -> None:
    source = OnnxFile(with_weights_beside(tmp_path))
    (w,) = [tensor for tensor in source.to_onnx().graph.initializer if tensor.name == "w"]
    assert not w.external_data
    np.testing.assert_array_equal(
        onnx.numpy_helper.to_array(w), onnx.numpy_helper.to_array(linear().graph.initializer[0])
    )


@pytest.mark.parametrize(("location", "more", "said"), [
    ("../secret", {}, "outside of the model's folder"),
    ("/etc/hostname", {}, "outside of the model's folder"),
    ("link", {}, "outside of the model's folder"),
    ("", {}, "outside of the model's folder"),
    ("absent.data", {}, "not beside the model"),
    ("pipe", {}, "not beside the model"),
    ("m.data", {"offset": "8"}, "do not fit"),
    ("m.data", {"offset": "-8"}, "do not fit"),
    ("m.data", {"length": "99999999"}, "do not fit"),
    ("m.data", {"offset": "x"}, "lie nowhere"),
])  # fmt: skip
def test_weights_that_lie_elsewhere_are_not_read(
    tmp_path: Path, location: str, more: dict[str, str], said: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret").write_bytes(bytes(24))
    (home / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(home / "pipe")
    with pytest.raises(ModelFileError, match=said):
        OnnxFile(with_weights_beside(home, location, **more))


def test_more_than_two_gigabytes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = with_weights_beside(tmp_path)
    made = onnx.load(path, load_external_data=False)
    (w,) = [tensor for tensor in tensors_of(made) if tensor.name == "w"]
    w.dims[0] = 2**30
    path.write_bytes(made.SerializeToString())
    with pytest.raises(ModelFileError, match="at most 2 GB"):
        OnnxFile(path)
    with (tmp_path / "large.onnx").open("wb") as file:
        file.truncate(2**31)
    with pytest.raises(ModelFileError, match="at most 2 GB"):
        OnnxFile(tmp_path / "large.onnx")
