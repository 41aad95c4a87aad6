"""Sessions of the Python binding: what they say of a call that lacks an input, and how they look for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from isoship.onnx.sessions import session_of


def _sum_of(names: list[str]) -> onnx.ModelProto:
    inputs = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, [1]) for name in names]
    outputs = [helper.make_tensor_value_info("sum", TensorProto.DOUBLE, [1])]
    graph = helper.make_graph([helper.make_node("Sum", names, ["sum"])], "sum", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def test_an_absent_input_is_named() -> None:
    session = session_of(_sum_of(["a", "b"]))
    with pytest.raises(ValueError, match=r"\['b'\]"):
        session.run(None, {"a": np.ones(1)})
    assert session.run(None, {"a": np.ones(1), "b": np.ones(1)})[0] == [2.0]


def test_inputs_are_looked_up_in_a_set(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_in = []
    monkeypatch.setattr(ort.InferenceSession, "_validate_input", lambda self, names: looked_in.append(names))
    session_of(_sum_of(["a"])).run(None, {"a": np.ones(1)})
    assert looked_in == [{"a"}]


def test_a_file_and_its_bytes_load_alike(tmp_path: Path) -> None:
    model = _sum_of(["a"])
    path = tmp_path / "sum.onnx"
    onnx.save(model, path)
    feeds = {"a": np.array([0.5])}
    for given in (model, model.SerializeToString(), str(path)):
        assert session_of(given).run(None, feeds)[0] == [0.5]
