"""program.json and program.bin: names, constants and their encoding, what is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper
from program_runner import ProgramRunner, reference

from isoship.onnx.graph import GraphBuilder
from isoship.tfjs import to_tfjs
from isoship.tfjs.program_ops import EVERY, PROGRAM_OPS


def cut_off(columns: int) -> Any:
    """The larger of X and odd constants, one for each column, and a second output that nobody asked for."""
    g = GraphBuilder()
    constants = np.linspace(0, 1, columns)
    constants[:3] = [np.inf, -0.0, 5e-324]
    g.op("Exp", "X")
    g.op("Max", "X", constants, out="transformed")
    return g.model(
        [helper.make_tensor_value_info("X", TensorProto.DOUBLE, ["N", columns])],
        [helper.make_tensor_value_info("transformed", TensorProto.DOUBLE, ["N", columns])],
    )


def test_constants_keep_every_bit_inline_and_in_the_binary(tmp_path: Path) -> None:
    for columns, files in ((5, 1), (65, 2)):
        folder = tmp_path / str(columns)
        written = to_tfjs(cut_off(columns), folder)
        assert len([name for name in written.files if name.startswith("program")]) == files
        runner = ProgramRunner(folder)
        (constant,) = runner.constants.values()
        expected = np.linspace(0, 1, columns)
        expected[:3] = [np.inf, -0.0, 5e-324]
        assert constant.tobytes() == expected.tobytes()


def test_steps_that_no_output_needs_are_left_out(tmp_path: Path) -> None:
    assert to_tfjs(cut_off(4), tmp_path).prefix == ("Max",)


def test_constants_in_the_binary_are_aligned(tmp_path: Path) -> None:
    g = GraphBuilder()
    flags = g.op("Not", g.op("Equal", "X", np.arange(77.0)))
    tall = g.op("Where", flags, np.arange(77.0), np.full(77, -1.5))
    g.op("And", flags, np.arange(77) % 2 == 0, out="label")
    g.op("Identity", tall, out="transformed")
    model = g.model(
        [helper.make_tensor_value_info("X", TensorProto.DOUBLE, ["N", 77])],
        [
            helper.make_tensor_value_info("label", TensorProto.BOOL, ["N", 77]),
            helper.make_tensor_value_info("transformed", TensorProto.DOUBLE, ["N", 77]),
        ],
    )
    to_tfjs(model, tmp_path)
    constants = json.loads((tmp_path / "program.json").read_bytes())["constants"].values()
    assert len([c for c in constants if "offset" in c]) >= 3
    assert all(c["offset"] % 8 == 0 for c in constants if "offset" in c)
    values = {"X": np.random.default_rng(0).integers(0, 3, (4, 77)).astype(float)}
    expected = reference(model, values)
    runner = ProgramRunner(tmp_path)
    runner.run("prefix", values)
    for name, array in expected.items():
        np.testing.assert_array_equal(values[runner.document["outputs"][name]], array)


def test_form_fields_are_stored_as_given(tmp_path: Path) -> None:
    form = [{"column": "<img onerror=x>", "kind": "choice", "choices": ["Øst", "\ufdd0"], "value": None}]
    to_tfjs(cut_off(4), tmp_path, form=form)
    assert json.loads((tmp_path / "program.json").read_bytes())["form"] == form


def test_every_operator_says_which_dtypes_it_takes() -> None:
    for name, op in PROGRAM_OPS.items():
        assert op.dtypes, name
        assert op.dtypes <= EVERY, name


def test_an_encoder_keeps_its_unseen_value(tmp_path: Path) -> None:
    g = GraphBuilder()
    keys: dict[str, Any] = {"keys_strings": ["b", "a", "Ø"], "values_int64s": [0, 1, 5], "default_int64": -7}
    g.cast(g.op("LabelEncoder", "city", ml=True, **keys), np.float64, out="transformed")
    model = g.model(
        [helper.make_tensor_value_info("city", TensorProto.STRING, ["N", 1])],
        [helper.make_tensor_value_info("transformed", TensorProto.DOUBLE, ["N", 1])],
    )
    to_tfjs(model, tmp_path)
    runner = ProgramRunner(tmp_path)
    values: dict[str, Any] = {"city": np.array([["a"], ["Ø"], ["b"], ["z"]], object)}
    runner.run("prefix", values)
    assert values[runner.document["outputs"]["transformed"]].ravel().tolist() == [1.0, 5.0, 0.0, -7.0]
