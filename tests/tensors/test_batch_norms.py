"""Batch normalization is taken into the weights of the convolution before it, where nothing else reads that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from networks import Network, network, session
from onnx import helper

from isoship.tensors.quantization.batch_norms import fold_batch_norms
from isoship_edge.manifest import Output
from isoship_edge.tensors.signature import Input

NORM = {"inputs": ["c", "gamma", "beta", "mean", "var"], "outputs": ["y"]}


def normed(
    *more: onnx.NodeProto, bias: bool, groups: int = 1, outputs: Sequence[str] = ("y",), **given: Any
) -> Network:
    rng = np.random.default_rng(6)
    weights = {"w": rng.standard_normal((8, 4 // groups, 3, 3)), "gamma": rng.standard_normal(8)}
    weights |= {"beta": rng.standard_normal(8), "mean": rng.standard_normal(8), "var": rng.random(8) * 9}
    conv = helper.make_node("Conv", ["x", "w"] + (["b"] if bias else []), ["c"], group=groups)
    if bias:
        weights["b"] = rng.standard_normal(8)
    return network(
        [conv, helper.make_node("BatchNormalization", **NORM, **given), *more],
        [Input("x", "float", ("N", 4, 9, 9))],
        [Output(name, "tensor", "float", ("N", 8, 7, 7)) for name in outputs],
        {name: np.float32(value) for name, value in weights.items()},
    )


@pytest.mark.parametrize(
    "given",
    [{"bias": True}, {"bias": False, "epsilon": 0.5}, {"bias": True, "groups": 4}, {"bias": False, "groups": 2}],
)
def test_the_answer_stays(given: dict[str, Any]) -> None:
    source = normed(**given)
    x = {"x": np.random.default_rng(0).standard_normal((3, 4, 9, 9)).astype(np.float32)}
    truth = source.answers(x)["y"]
    fold_batch_norms(source.model)
    assert [node.op_type for node in source.model.graph.node] == ["Conv"]
    assert session(source.model).run(None, x)[0] == pytest.approx(truth, rel=1e-4, abs=1e-4)


def test_a_convolution_that_is_read_twice_stays() -> None:
    both = normed(helper.make_node("Neg", ["c"], ["z"]), bias=True, outputs=("y", "z"))
    fold_batch_norms(both.model)
    assert [node.op_type for node in both.model.graph.node] == ["Conv", "BatchNormalization", "Neg"]
    shown = normed(bias=True, outputs=("y", "c"))
    fold_batch_norms(shown.model)
    assert [node.op_type for node in shown.model.graph.node] == ["Conv", "BatchNormalization"]
