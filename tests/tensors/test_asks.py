"""Calls that exercise a graph: sizes that it takes, values of every kind, and nothing that it does not settle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_graphs import embedding, linear, model, network, value

from isoship.sources.onnx_file.source import OnnxFile
from isoship.tensors import asks as asks_module
from isoship.tensors.asks import asks_for
from isoship.tensors.core import write_core
from isoship.tensors.run import Runs
from isoship.tensors.values import KINDS


def asks(made: onnx.ModelProto, **options):
    source = OnnxFile(made)
    return asks_for(source.to_onnx(), source.signature, **options)


def test_every_kind_and_several_sizes() -> None:
    found = asks(network())
    kinds = [ask.kind for ask in found]
    assert {"normal", "zeros", "ones", "extremes", "negative", "tiny", "decades", "gradient"} <= set(kinds)
    assert {ask.inputs["image"].shape[0] for ask in found} >= {1, 2, 3, 4}
    assert len(found) == 32
    for ask in found:
        for array in Runs(network())(ask.inputs).values():
            assert np.isfinite(array).all()


def test_they_are_seeded() -> None:
    one, same, other = asks(network()), asks(network()), asks(network(), seed=1)
    for a, b, c in zip(one, same, other, strict=True):
        np.testing.assert_array_equal(a.inputs["image"], b.inputs["image"])
        assert a.inputs["image"].dtype == c.inputs["image"].dtype
    assert any(
        (a.inputs["image"] != c.inputs["image"]).any() for a, c in zip(one, other, strict=True) if a.kind == "normal"
    )


def test_the_budget_keeps_the_most_ordinary() -> None:
    assert [ask.kind for ask in asks(network(), budget=4)] == ["normal", "uniform", "zeros", "thresholds"]


def test_extremes_are_as_large_as_answers_stay_ordinary() -> None:
    """Behind a Softmax anything goes; a sum of large numbers has large rounding errors and says nothing of others."""
    tanh = model([helper.make_node("Tanh", ["x"], ["y"])], [value("x")], [value("y", shape=None)])
    for made, least, most in ((tanh, 1e29, np.inf), (linear(), 1, 1e3)):
        largest = max(float(np.abs(ask.inputs["x"]).max()) for ask in asks(made))
        assert least < largest < most


def test_sizes_that_are_refused_are_not_asked() -> None:
    """A kernel of 5 without padding wants 5 and more."""
    w = np.random.default_rng(0).standard_normal((1, 1, 5, 5)).astype("f4")
    made = model(
        [helper.make_node("Conv", ["x", "w"], ["y"])], [value("x", shape=("N", 1, "H", "W"))],
        [value("y", shape=None)], {"w": w},
    )  # fmt: skip
    shapes = {ask.inputs["x"].shape for ask in asks(made)}
    assert min(h for _, _, h, _ in shapes) == 5
    assert len({h for _, _, h, _ in shapes}) > 2
    assert any(h != w for _, _, h, w in shapes)


def test_integers_stay_in_the_rows_of_an_embedding_and_reach_both_ends() -> None:
    found = np.concatenate([ask.inputs["ids"].ravel() for ask in asks(embedding(11))])
    assert (found.min(), found.max()) == (-11, 10)


def test_sizes_are_looked_for_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By the source; what its outputs are, golden calls and tolerances are made of what it found."""
    looked, find = [], asks_module.find_sizes
    monkeypatch.setattr(asks_module, "find_sizes", lambda *given: looked.append(given) or find(*given))
    source = OnnxFile(network())
    write_core(tmp_path, source, source.to_onnx(), name="n", version="0", targets=(), say=lambda _: None)
    assert len(looked) == 1


def test_counts_and_sizes_stay_small() -> None:
    made = model(
        [helper.make_node("TopK", ["x", "k"], ["y", "i"])], [value("x", shape=("N", 8)), value("k", "int64", (1,))],
        [value("y", shape=None), value("i", "int64", None)],
    )  # fmt: skip
    found = {int(ask.inputs["k"][0]) for ask in asks(made)}
    assert found <= {1, 2, 3, 4}
    assert len(found) > 1


@pytest.mark.parametrize(("dtype", "least", "most"), [("uint8", 0, 255), ("int32", -(2**31), 2**31 - 1)])
def test_integers_of_the_whole_range(dtype: str, least: int, most: int) -> None:
    made = model([helper.make_node("Identity", ["x"], ["y"])], [value("x", dtype)], [value("y", dtype, None)])
    found = np.concatenate([ask.inputs["x"].ravel() for ask in asks(made)])
    assert (found.min(), found.max()) == (least, most)


def test_strings_are_the_graphs_own_and_others() -> None:
    node = helper.make_node(
        "LabelEncoder", ["x"], ["y"], domain="ai.onnx.ml", keys_strings=["oslo", "rome"], values_int64s=[1, 2]
    )
    made = model([node], [value("x", "string")], [value("y", "int64", None)], others={"ai.onnx.ml": 2})
    found = {word for ask in asks(made) for word in ask.inputs["x"].ravel().tolist()}
    assert {"oslo", "rome", ""} <= found
    assert len(found) > 4


def test_thresholds_of_trees_and_their_neighbours() -> None:
    node = helper.make_node(
        "TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", n_targets=1,
        nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[1, 0, 0], nodes_values=[0.3, 0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0],
        target_treeids=[0, 0], target_nodeids=[1, 2], target_ids=[0, 0], target_weights=[1.0, 2.0],
    )  # fmt: skip
    made = model([node], [value("x")], [value("y", shape=("N", 1))], others={"ai.onnx.ml": 1})
    source = OnnxFile(made)
    assert source.signature.inputs[0].nan, "trees say where a missing value goes"
    found = {float(v) for ask in asks(made) for v in ask.inputs["x"].ravel()}
    at = np.float32(0.3)
    assert {float(at), float(np.nextafter(at, np.float32(9))), float(np.nextafter(at, np.float32(-9)))} <= found


def test_the_samples_come_last_and_as_they_are() -> None:
    x = np.full((7, 3), 0.5, "f4")
    found = asks(linear(), samples=[{"x": x}], budget=3)
    assert [ask.kind for ask in found][-1] == "sample"
    assert found[-1].inputs["x"] is x


def test_kinds_have_one_name_each() -> None:
    assert len(set(KINDS)) == len(KINDS)


def test_large_networks_are_asked_less() -> None:
    """What is made is counted in multiplications, so that it is the same on every machine."""
    w = np.random.default_rng(0).standard_normal((64, 64, 3, 3)).astype("f4") / 24
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]), helper.make_node("Relu", ["c"], ["y"])]
    made = model(nodes, [value("x", shape=("N", 64, 64, 64))], [value("y", shape=None)], {"w": w})
    found = asks(made)
    assert 8 <= len(found) < 32
    assert {ask.inputs["x"].shape[0] for ask in found} >= {1, 2, 3}
    assert max(ask.inputs["x"].shape[0] for ask in found) < 16


def test_calls_like_the_samples_come_first_and_hold_nothing_of_it() -> None:
    sample = {"image": np.random.default_rng(7).normal(40.0, 2.0, (3, 1, 8, 8)).astype("f4")}
    found = asks(network(), samples=[sample])
    like = [ask.inputs["image"] for ask in found if ask.kind == "like-sample"]
    assert [ask.kind for ask in found[:6]] == ["like-sample"] * 6
    assert found[-1].kind == "sample"
    for image in like:
        assert image.shape == (3, 1, 8, 8)
        assert abs(image.mean() - 40.0) < 1.0
        assert len(np.intersect1d(image, sample["image"])) <= 2  # where values are cut off at its ends


def test_switches_of_a_sample_are_kept_and_said_to_be_its() -> None:
    made = model(
        [
            helper.make_node("Cast", ["rate"], ["r"], to=onnx.TensorProto.FLOAT),
            helper.make_node("Mul", ["x", "r"], ["y"]),
        ],
        [value("x", shape=("N",)), value("rate", "int64", shape=())], [value("y", shape=("N",))],
    )  # fmt: skip
    found = asks(made, samples=[{"x": np.ones(5, "f4"), "rate": np.array(16000)}])
    like = [ask for ask in found if ask.kind == "sample-like"]
    assert len(like) == 6
    assert all(ask.inputs["rate"] == 16000 and ask.inputs["x"].shape == (5,) for ask in like)
