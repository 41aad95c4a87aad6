"""ONNX files, taken as they are: what the signature says of them, and that what ships answers as the file does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx_graphs import embedding, linear, model, network, value

import isoship
from isoship.errors import ModelFileError, SampleError
from isoship.sources import open_source
from isoship.sources.onnx_file.source import OnnxFile
from isoship.sources.tensor_models import open_tensor_source, takes_tensors
from isoship.tensors.run import Runs

X = np.random.default_rng(0).standard_normal((5, 3)).astype("f4")


def saved(folder: Path, made: onnx.ModelProto, name: str = "m.onnx") -> Path:
    onnx.save(made, folder / name)
    return folder / name


def agree(source: OnnxFile, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What ships answers with the bits that the file does."""
    want, got = source.answers(feeds), Runs(source.to_onnx())(feeds)
    for name, array in want.items():
        np.testing.assert_array_equal(array, got[name])
    return want


def test_a_file_is_read_into_its_own_names(tmp_path: Path) -> None:
    source = open_tensor_source(saved(tmp_path, network()))
    (image,) = source.signature.inputs
    assert (image.name, image.dtype, image.shape) == ("image", "float", ("batch", 1, 8, 8))
    assert (image.nan, image.infinity) == (False, False)
    assert [(o.name, o.kind, o.dtype, o.shape) for o in source.outputs] == [
        ("logits", "tensor", "float", ("batch", 10)),
        ("probabilities", "tensor", "float", ("batch", 10)),
    ]
    agree(source, {"image": np.random.default_rng(1).standard_normal((3, 1, 8, 8)).astype("f4")})


def test_a_model_that_was_never_saved_is_read_too() -> None:
    made = linear()
    assert takes_tensors(made)
    np.testing.assert_array_equal(Runs(isoship.to_onnx(made))({"x": X})["y"], Runs(made)({"x": X})["y"])


def test_one_of_columns_is_not_read_as_such(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="a model of tensors, and one of columns is asked for"):
        open_source(saved(tmp_path, linear()))


@pytest.mark.parametrize(("shape", "named", "said"), [
    ((None, 3), ("N", 3), "x: open dimensions are called N"),
    ((-1, 3), ("N", 3), "x: open dimensions are called N"),
    ((0, 3), ("N", 3), "x: open dimensions are called N"),
    (("unk__7", 3), ("N", 3), "x: open dimensions are called N"),
    (("rows", 3), ("rows", 3), ""),
    ((4, 3), (4, 3), ""),
])  # fmt: skip
def test_dimensions_have_names(shape, named, said) -> None:
    made = linear()
    made.graph.input[0].CopyFrom(value("x", shape=shape))
    source = OnnxFile(made)
    assert source.signature.inputs[0].shape == named
    assert "; ".join(source.notes) == said
    assert source.outputs[0].shape == (named[0], 2)


def test_open_dimensions_of_two_inputs_need_not_be_equal() -> None:
    made = model(
        [helper.make_node("MatMul", ["query", "keys"], ["scores"])],
        [value("query", shape=(None, 4)), value("keys", shape=(4, None))],
        [value("scores", shape=None)],
    )
    source = OnnxFile(made)
    assert [one.shape for one in source.signature.inputs] == [("query_0", 4), (4, "keys_1")]
    assert source.outputs[0].shape == ("query_0", "keys_1")


def test_batches_that_must_be_equal_are_one() -> None:
    """skl2onnx leaves the batch of each input open."""
    made = model(
        [helper.make_node("Concat", ["a", "b"], ["y"], axis=1)],
        [value("a", shape=(None, 2)), value("b", shape=(None, 3))],
        [value("y", shape=(None, 5))],
    )
    source = OnnxFile(made)
    assert [one.shape for one in source.signature.inputs] == [("N", 2), ("N", 3)]
    assert source.outputs[0].shape == ("N", 5)


def test_names_that_the_model_itself_holds_equal_are_moved_together() -> None:
    made = model(
        [helper.make_node("Concat", ["a", "b"], ["y"], axis=1)],
        [value("a", shape=("left", 2)), value("b", shape=("right", 3))],
        [value("y", shape=("left", 5))],
    )
    assert OnnxFile(made).outputs[0].shape == ("left", 5)


def test_a_declared_output_that_is_wrong_gives_way_to_what_is_answered() -> None:
    made = linear()
    made.graph.output[0].CopyFrom(value("y", shape=("N", 7)))
    source = OnnxFile(made)
    assert source.outputs[0].shape == ("N", 2)
    assert any("contradict its nodes" in note for note in source.notes)


def test_scalars(tmp_path: Path) -> None:
    made = model(
        [helper.make_node("Mul", ["x", "gain"], ["y"])], [value("x"), value("gain", shape=())], [value("y", shape=None)]
    )
    source = OnnxFile(made)
    assert source.signature.inputs[1].shape == ()
    agree(source, {"x": X, "gain": np.array(3, "f4")})


def test_weights_that_are_inputs_are_weights() -> None:
    """Files of IR version 3 list every weight among the inputs; newer ones mean that a caller may replace it."""
    for ir, said in ((3, False), (8, True)):
        made = linear(ir=ir, opset=8)
        made.graph.input.extend([value("w", shape=(3, 2)), value("b", shape=(2,))])
        source = OnnxFile(made)
        assert [one.name for one in source.signature.inputs] == ["x"]
        assert any("w, b: inputs that have a value" in note for note in source.notes) is said
        assert [each.name for each in source.to_onnx().graph.input] == ["x"]
        agree(source, {"x": X})


@pytest.mark.parametrize("opset", [7, 9, 10, 11, 13, 15, 18, 21, 24])
def test_older_opsets_run_as_they_are(opset: int) -> None:
    source = OnnxFile(linear(opset=opset, ir=3 if opset < 9 else 8))
    assert source.to_onnx().opset_import[0].version == opset
    agree(source, {"x": X})


def test_upsample_of_opset_9_stays_what_it_was() -> None:
    """`onnx.version_converter` would make 0 1 3 4 of it."""
    made = model(
        [helper.make_node("Upsample", ["x", "scales"], ["y"], mode="linear")], [value("x", shape=(1, 1, 1, 2))],
        [value("y", shape=None)], {"scales": np.array([1, 1, 1, 2], "f4")}, opset=9,
    )  # fmt: skip
    source = OnnxFile(made)
    answered = agree(source, {"x": np.array([[[[0, 4]]]], "f4")})
    assert answered["y"].ravel().tolist() == [0, 2, 4, 4]


def test_what_is_newer_than_onnxruntime_is_declared_as_what_it_takes() -> None:
    newest = onnx.defs.onnx_opset_version()
    source = OnnxFile(linear(opset=newest, ir=int(onnx.IR_VERSION)))
    shipped = source.to_onnx()
    assert shipped.opset_import[0].version < newest
    assert shipped.ir_version < int(onnx.IR_VERSION)
    assert sum("it ships as" in note for note in source.notes) == 2
    agree(source, {"x": X})


def test_float16_is_answered_in_float16() -> None:
    weights = np.random.default_rng(0).standard_normal((3, 2)).astype("f2")
    made = model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], [value("x", "float16")], [value("y", "float16", ("N", 2))],
        {"w": weights},
    )  # fmt: skip
    source = OnnxFile(made)
    assert (source.signature.inputs[0].dtype, source.outputs[0].dtype) == ("float16", "float16")
    assert agree(source, {"x": X.astype("f2")})["y"].dtype == np.float16


def test_functions_and_subgraphs_are_carried() -> None:
    double = helper.make_function(
        "mine", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 17)]
    )
    branches = [
        helper.make_graph([helper.make_node(op, ["t"], ["out"])], op, [], [value("out", shape=None)])
        for op in ("Neg", "Abs")
    ]
    made = model(
        [
            helper.make_node("Twice", ["x"], ["t"], domain="mine"),
            helper.make_node("ReduceSum", ["t"], ["sum"], keepdims=0),
            helper.make_node("Greater", ["sum", "zero"], ["up"]),
            helper.make_node("If", ["up"], ["y"], then_branch=branches[0], else_branch=branches[1]),
        ],
        [value("x")], [value("y", shape=None)], {"zero": np.array(0, "f4")}, others={"mine": 1}, functions=[double],
    )  # fmt: skip
    source = OnnxFile(made)
    assert source.outputs[0].shape == ("N", 3)
    np.testing.assert_array_equal(agree(source, {"x": np.abs(X)})["y"], -2 * np.abs(X))
    np.testing.assert_array_equal(agree(source, {"x": -np.abs(X)})["y"], 2 * np.abs(X))


def test_operators_of_onnxruntimes_own() -> None:
    made = model(
        [helper.make_node("FusedMatMul", ["x", "w"], ["y"], domain="com.microsoft", alpha=2.0)],
        [value("x")], [value("y", shape=None)], {"w": np.eye(3, dtype="f4")}, others={"com.microsoft": 1},
    )  # fmt: skip
    np.testing.assert_allclose(agree(OnnxFile(made), {"x": X})["y"], 2 * X)


@pytest.mark.parametrize("classes", [("no", "yes"), (3, 5)])
def test_a_zip_map_becomes_an_array(classes: tuple[str | int, ...]) -> None:
    keys = {"classlabels_strings" if isinstance(classes[0], str) else "classlabels_int64s": list(classes)}
    made = model(
        [
            helper.make_node("Softmax", ["x"], ["p"]),
            helper.make_node("ZipMap", ["p"], ["probabilities"], domain="ai.onnx.ml", **keys),
        ],
        [value("x", shape=("N", 2))],
        [],
        others={"ai.onnx.ml": 1},
    )
    kind = helper.make_map_type_proto(
        TensorProto.STRING if isinstance(classes[0], str) else TensorProto.INT64,
        helper.make_tensor_type_proto(TensorProto.FLOAT, None),
    )
    made.graph.output.append(helper.make_value_info("probabilities", helper.make_sequence_type_proto(kind)))
    source = OnnxFile(made)
    (output,) = source.outputs
    assert (output.shape, output.classes) == (("N", 2), classes)
    assert agree(source, {"x": X[:, :2]})["probabilities"].shape == (5, 2)
    assert any("ZipMap is taken away" in note for note in source.notes)


def test_metadata_does_not_ship() -> None:
    made = network()
    made.doc_string = "/home/me/train.py"
    made.producer_name = "pytorch"
    made.graph.doc_string = made.graph.node[0].doc_string = "/home/me/train.py line 3"
    made.metadata_props.add(key="path", value="/home/me")
    made.graph.node[0].metadata_props.add(key="pkg.torch.onnx.stack_trace", value="/home/me/train.py")
    made.graph.node[0].metadata_props.add(key="pkg.torch.onnx.name_scopes", value="['', 'body.conv', 'conv2d']")
    made.graph.initializer[0].doc_string = "/home/me/weights"
    source = OnnxFile(made)
    assert b"/home/me" not in source.to_onnx().SerializeToString()
    assert b"pytorch" not in source.to_onnx().SerializeToString()
    assert source.estimator == "graph by pytorch"
    assert dict(source.places) == {"conv": "body.conv"}


def test_integers_have_the_range_of_the_rows_that_they_choose() -> None:
    (ids,) = OnnxFile(embedding(11)).signature.inputs
    assert (ids.minimum, ids.maximum) == (-11, 10)


def test_integers_that_are_only_numbers_have_the_whole_range() -> None:
    made = model(
        [helper.make_node("Cast", ["n"], ["y"], to=TensorProto.FLOAT)], [value("n", "int64")], [value("y", shape=None)]
    )
    (n,) = OnnxFile(made).signature.inputs
    assert (n.minimum, n.maximum) == (None, None)


def test_an_input_without_a_shape_takes_the_samples(tmp_path: Path) -> None:
    made = model([helper.make_node("Neg", ["x"], ["y"])], [value("x", shape=None)], [value("y", shape=None)])
    np.savez(tmp_path / "calls.npz", x=X)
    source = OnnxFile(made, sample=tmp_path / "calls.npz")
    assert source.signature.inputs[0].shape == ("N", "x_1")
    np.testing.assert_array_equal(source.samples[0]["x"], X)


def test_pad_and_max_pool_are_noted() -> None:
    """onnxruntime's default level folds the pad's zeros into the pool's padding, which is -infinity."""
    made = model(
        [
            helper.make_node("Pad", ["x", "pads"], ["p"], mode="constant"),
            helper.make_node("MaxPool", ["p"], ["y"], kernel_shape=[3, 3], strides=[2, 2]),
        ],
        [value("x", shape=("N", 1, 8, 8))], [value("y", shape=None)],
        {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1], "i8")},
    )  # fmt: skip
    assert any("default optimization answers 'y' otherwise" in note for note in OnnxFile(made).notes)
    assert not any("optimization" in note for note in OnnxFile(network()).notes)


@pytest.mark.parametrize(("sample", "said"), [
    ({"y": X}, "call 0 of the sample has y; the model takes x"),
    ({"x": X[:, :2]}, r"has shape \[5, 2\]; the model takes float \[N, 3\]"),
    ({"x": X[0]}, r"has shape \[3\]; the model takes float \[N, 3\]"),
    ({"x": [["a", "b", "c"]]}, "the model takes float"),
    ([], "no call|shape"),
])  # fmt: skip
def test_a_sample_that_does_not_fit_is_refused(sample, said) -> None:
    with pytest.raises(SampleError, match=said):
        OnnxFile(linear(), sample=sample)
