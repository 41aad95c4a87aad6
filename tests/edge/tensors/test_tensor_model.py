"""A bundle of tensors on this machine: arrays in and out, tensors in and out, both backends, several threads."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from png_files import png
from side_by_side import side_by_side

import isoship
from isoship_edge.errors import BundleError, DamagedFile, InferenceError, InputError
from isoship_edge.inference.model import load, with_rows
from isoship_edge.inference.session import open_session
from isoship_edge.inference.tensor import TYPECODES, Tensor
from isoship_edge.tensors.arrays import array_of
from isoship_edge.tensors.calls import MOST_SHAPES
from isoship_edge.tensors.model import TensorModel
from tensor_bundles import digits_reference, loaded, mixed_inputs, mixed_reference

CHANCE = np.random.default_rng(11)


def pictures(count: int) -> Any:
    return CHANCE.integers(0, 17, (count, 8, 8, 1), dtype="uint8")


def tensors(arrays: dict[str, Any]) -> dict[str, Tensor]:
    made = {}
    for name, held in arrays.items():
        dtype = {"float64": "double", "float32": "float", "object": "string"}.get(held.dtype.name, held.dtype.name)
        data: Any = held.reshape(-1).tolist() if dtype == "string" else bytearray(held.tobytes())
        if dtype in TYPECODES:
            from array import array

            data = array(TYPECODES[dtype], held.tobytes())
        made[name] = Tensor(dtype, held.shape, data)
    return made


def check_digits(model: TensorModel, images: Any) -> None:
    made = model.predict(images)["logits"]
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, digits_reference({"image": images})["logits"], rtol=1e-5, atol=1e-4)


def test_arrays_are_answered_as_the_formula(digits: TensorModel) -> None:
    for count in (1, 2, 1, 3, 3, 700):
        check_digits(digits, pictures(count))


def test_every_dtype_comes_back_bit_by_bit(mixed: TensorModel) -> None:
    kind = mixed.manifest.name
    for count in (1, 2, 2, 5, 9000):
        given = mixed_inputs(count, seed=count, kind=kind)
        made, want = mixed.predict(given), mixed_reference(given)
        assert made.keys() == want.keys()
        for name, value in want.items():
            assert (made[name].dtype, made[name].shape) == (value.dtype, value.shape)
            if value.dtype == object:
                assert made[name].tolist() == value.tolist()
            else:
                assert made[name].tobytes() == value.tobytes(), name


def test_tensors_are_answered_as_arrays_are(mixed: TensorModel) -> None:
    given = mixed_inputs(3, kind=mixed.manifest.name)
    by_arrays = mixed.predict(given)
    for _ in range(3):
        for name, tensor in mixed.infer(tensors(given)).items():
            assert repr(array_of(tensor).tolist()) == repr(by_arrays[name].tolist())


def test_both_backends_give_the_same_bits(digits_bundle: Path) -> None:
    images = pictures(5)
    one, other = (loaded(digits_bundle, backend).predict(images)["logits"] for backend in ("c_api", "binding"))
    assert one.tobytes() == other.tobytes()


def test_arrays_of_any_layout_and_read_only_ones(digits: TensorModel) -> None:
    for count in (1, 5, 2000):
        images = pictures(count)
        want = digits.predict(images)["logits"]
        fortran, mirrored = np.asfortranarray(images), images[:, ::-1, :, :].copy()[:, ::-1, :, :]
        frozen = np.frombuffer(images.tobytes(), "uint8").reshape(images.shape)
        assert not frozen.flags.writeable
        for same in (fortran, mirrored, frozen):
            assert digits.predict(same)["logits"].tobytes() == want.tobytes()


def test_large_arrays_are_read_where_they_lie(digits_bundle: Path) -> None:
    model = loaded(digits_bundle, "c_api")
    images = pictures(2000)
    model.predict(images)
    [call] = model.calls.spare[(images.shape,)]
    assert call.memories == [None]
    [small] = [model.predict(pictures(1)), model.calls.spare[((1, 8, 8, 1),)]][1:]
    assert len(small[0].memories[0] or b"") == 64


def test_answers_are_the_callers_to_keep(digits: TensorModel) -> None:
    first = pictures(1)
    held = digits.predict(first)["logits"]
    copy = held.copy()
    held_tensor = digits.infer(tensors({"image": first}))["logits"].data
    for _ in range(3):
        digits.predict(pictures(1))
        digits.infer(tensors({"image": pictures(1)}))
    np.testing.assert_array_equal(held, copy)
    assert held_tensor.tolist() == copy.reshape(-1).tolist()
    held[0, 0] = 99.0
    np.testing.assert_array_equal(digits.predict(first)["logits"], copy)


def test_what_is_no_array_is_read_as_json(digits: TensorModel, numbers_bundle: Path) -> None:
    images = pictures(2)
    want = digits.predict(images)["logits"]
    np.testing.assert_array_equal(digits.predict(images.tolist())["logits"], want)
    np.testing.assert_array_equal(digits.predict({"image": tuple(images.tolist())})["logits"], want)
    coded = [{"png": base64.b64encode(png(one.astype(int), 0)).decode()} for one in images]
    np.testing.assert_array_equal(digits.predict(coded)["logits"], want)
    np.testing.assert_array_equal(digits.predict({"image": coded[0]})["logits"], want[:1])
    given = mixed_inputs(kind="numbers")
    made = loaded(numbers_bundle).predict({**given, "scalar": 1.5, "ids": [[0, 4], [1, 1]]})
    assert (made["scalar_out"].tolist(), made["rows"].shape) == (1.5, (2, 2, 3))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"image": np.zeros((1, 8, 8, 1))}, 'input "image": expected an array of uint8, got one of float64'),
        ({"image": np.zeros((1, 8, 8, 1), ">u2")}, "an array of uint8, got one of uint16"),
        ({"image": np.zeros((1, 8, 9, 1), "uint8")}, r"shape \[N, 8, 8, 1\], got shape \[1, 8, 9, 1\]"),
        ({"image": np.zeros((0, 8, 8, 1), "uint8")}, "with N at least 1"),
        ({"image": np.zeros((8, 8), "uint8")}, r"got shape \[8, 8\]"),
        ({"image": object()}, "an array of uint8, got a value of type object"),
        ({"image": None}, "an array of uint8, got null"),
        ({"picture": np.zeros((1, 8, 8, 1), "uint8")}, 'input "picture": expected one of the inputs "image"'),
        ({}, 'input "image": expected a tensor, got nothing'),
        ({"image": [[[[256]]]]}, r'input "image" at \[0, 0, 0, 0\]: expected an integer from 0 to 255'),
        ({"image": {"png": "bm8="}}, "expected a PNG, got bytes with another beginning"),
    ],
)
def test_what_does_not_fit_is_refused(digits: TensorModel, change: dict[str, Any], said: str) -> None:
    for _ in range(2):
        with pytest.raises(InputError, match=said):
            digits.predict(change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"image": np.zeros((1, 8, 8, 1))}, "expected dtype uint8, got dtype double"),
        ({"image": np.zeros((1, 8, 9, 1), "uint8")}, r"shape \[N, 8, 8, 1\], got shape \[1, 8, 9, 1\]"),
        ({"image": np.zeros((0, 8, 8, 1), "uint8")}, "with N at least 1"),
        ({"picture": pictures(1)}, 'input "picture": expected one of the inputs "image"'),
        ({"image": pictures(1), "more": pictures(1)}, 'input "more": expected one of the inputs "image"'),
        ({}, 'input "image": expected a tensor, got nothing'),
    ],
)
def test_tensors_that_do_not_fit_are_refused(digits: TensorModel, change: dict[str, Any], said: str) -> None:
    digits.infer(tensors({"image": pictures(1)}))
    for _ in range(2):
        with pytest.raises(InputError, match=said):
            digits.infer(tensors(change))


def test_values_are_looked_at_in_arrays_as_in_tensors(mixed: TensorModel) -> None:
    good = mixed_inputs(2, kind=mixed.manifest.name)
    wrong = {
        "x_float": np.array([[1, np.nan], [0, 0]], "float32"),
        "x_float16": np.array([[1, 0], [-np.inf, 0]], "float16"),
        "nan": np.array([[np.nan, 0], [np.inf, np.nan]], "float32"),
        "scalar": np.float32(2.75).reshape(()),
        "ids": np.array([[0], [5]], "int64"),
    }
    for name, value in wrong.items():
        for _ in range(2):
            with pytest.raises(InputError) as by_arrays:
                mixed.predict({**good, name: value})
            with pytest.raises(InputError) as by_tensors:
                mixed.infer(tensors({**good, name: value}))
            assert str(by_arrays.value) == str(by_tensors.value)
            assert by_arrays.value.input == name
        mixed.predict(good)


def test_several_inputs_need_their_names(numbers_bundle: Path) -> None:
    with pytest.raises(InputError, match="expected a dict of arrays by input"):
        loaded(numbers_bundle).predict(np.zeros(3))


def test_threads_share_a_model(digits: TensorModel) -> None:
    given = [pictures(count) for count in (1, 1, 2, 3, 1500)]
    want = [digits.predict(images)["logits"].tobytes() for images in given]
    wrong: list[int] = []

    def work(shift: int) -> None:
        for i in range(120):
            k = (i + shift) % len(given)
            if digits.predict(given[k])["logits"].tobytes() != want[k]:
                wrong.append(k)
            if digits.infer(tensors({"image": given[k]}))["logits"].data.tobytes() != want[k]:
                wrong.append(k)

    side_by_side(work)
    assert wrong == []


def test_a_client_of_many_shapes_keeps_few(digits_bundle: Path) -> None:
    model = loaded(digits_bundle, "c_api")
    for count in range(1, 3 * MOST_SHAPES):
        check_digits(model, pictures(count))
    assert len(model.calls.spare) <= MOST_SHAPES


def reshaped(path: Path) -> Path:
    """Six numbers in the shape that another input says, the numbers themselves, and their integer quotients."""
    info, node = helper.make_tensor_value_info, helper.make_node
    graph = helper.make_graph(
        [node("Reshape", ["x", "to"], ["y"]), node("Div", ["x", "by"], ["z"])], "reshaped",
        [info("x", TensorProto.INT64, ["N"]), info("to", TensorProto.INT64, [2]), info("by", TensorProto.INT64, [1])],
        [info("y", TensorProto.INT64, ["A", "B"]), info("x", TensorProto.INT64, ["N"]),
         info("z", TensorProto.INT64, ["N"])],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)
    return path


@pytest.mark.parametrize("outputs", [("y", "z"), ("y", "x", "z")])
def test_outputs_may_change_their_shape_or_be_inputs(tmp_path: Path, outputs: tuple[str, ...]) -> None:
    """Kept outputs are written again; ONNX Runtime writes none that is an input itself."""
    session = open_session(reshaped(tmp_path / "m.onnx"), backend="c_api")
    call = session.keep_call([("x", "int64", (6,)), ("to", "int64", (2,)), ("by", "int64", (1,))], outputs)
    assert call is not None
    for seed, to in enumerate([(2, 3), (2, 3), (3, 2), (1, 6), (2, 3), (6, 1)]):
        x = np.random.default_rng(seed).integers(-9, 9, 6)
        for memory, held in zip(call.memories, (x, np.array(to), np.array([2])), strict=True):
            assert memory is not None
            memory[:] = held.astype("int64").tobytes()
        made = dict(zip(outputs, call.copied(()), strict=True))
        assert (made["y"].shape, made["y"].data.tolist()) == (to, x.tolist())
        assert made["z"].data.tolist() == [int(v / 2) for v in x.tolist()]
        if "x" in made:
            assert made["x"].data.tolist() == x.tolist()
    session.close()
    with pytest.raises(InferenceError, match="closed"):
        call.copied(())


def test_a_closed_model_answers_no_more(digits_bundle: Path) -> None:
    model = loaded(digits_bundle)
    model.predict(pictures(1))
    model.close()
    with pytest.raises(InferenceError, match="closed"):
        model.predict(pictures(1))


def test_load_says_what_it_loads(digits_bundle: Path, visits: Path) -> None:
    assert isoship.load(str(digits_bundle)).takes == "tensors"
    assert load(visits).takes == "rows"
    assert with_rows(load(visits)).predict_rows([]) == []
    with pytest.raises(InputError, match=r"digits takes tensors \('image'\) and no rows"):
        with_rows(load(digits_bundle))


def test_a_graph_without_an_input_of_the_manifests_is_no_bundle(digits_bundle: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(digits_bundle, tmp_path / "b")
    document = json.loads((folder / "manifest.json").read_text())
    document["signature"]["inputs"][0]["name"] = "picture"
    from isoship_edge.manifest import sealed

    (folder / "manifest.json").write_bytes(sealed(document))
    with pytest.raises(BundleError, match="lacks the manifest's inputs picture"):
        load(folder)
    (folder / "model.onnx").write_bytes(b"")
    with pytest.raises(DamagedFile, match=r"model\.onnx"):
        load(folder)
