"""Graphs that once answered wrongly without a word, and random ones, against onnxruntime."""

from __future__ import annotations

import warnings

import numpy as np
import onnx
import pytest
from drawn_graphs import FAULTS, Drawn, answers
from onnx import helper
from reviewed import BOOL, FLOAT, Run, agrees, branch, made, node, refused

from isoship.errors import UnsupportedModelError
from isoship.tfjs.emitter import GraphDef, Tensor
from isoship.tfjs.network import compile_network


def test_what_is_scattered_into_stays_as_it_was(run: Run) -> None:
    """cpu writes into the buffer that it is given: of the same data, read as the updates and by another node."""
    nodes = [node("Reshape", "x flat", "r"), node("ScatterElements", "r at r", "s"), node("Sub", "s r", "y")]
    model = made(nodes, {"x": (FLOAT, [2, 2])}, FLOAT, {"at": np.array([3, 0, 1, 2]), "flat": np.array([-1])})
    agrees(run, model, {"x": np.array([[1, 2], [4, 8]], np.float32)})


def test_nodes_without_names_keep_their_bodies_apart(run: Run) -> None:
    """Two Ifs in one branch, whose own branches call their results the same."""
    two = [
        node("If", "w", out, then_branch=branch("t", [node("Mul", "x k", "r")], "r", k=np.float32(k)),
             else_branch=branch("e", [node("Neg", "x", "r")], "r"))
        for out, k in (("a", 2), ("b", 3))
    ]  # fmt: skip
    outer = node("If", "v", "y", then_branch=branch("t2", [*two, node("Sub", "a b", "d")], "d"),
                 else_branch=branch("e2", [node("Neg", "x", "u")], "u"))  # fmt: skip
    model = made([outer], {"x": (FLOAT, [2]), "v": (BOOL, []), "w": (BOOL, [])}, FLOAT)
    agrees(run, model, {"x": np.array([1, 2], np.float32), "v": np.array(True), "w": np.array(True)})


def test_bodies_in_a_body_have_constants_of_their_own(run: Run) -> None:
    """The inner branch's `k` is not the outer one's."""
    inner = node("If", "w", "s", then_branch=branch("t", [node("Mul", "x k", "p")], "p", k=np.float32(5)),
                 else_branch=branch("e", [node("Neg", "x", "q")], "q"))  # fmt: skip
    outer = node("If", "v", "y", then_branch=branch("t2", [inner, node("Add", "s k", "r")], "r", k=np.float32(100)),
                 else_branch=branch("e2", [node("Neg", "x", "u")], "u"))  # fmt: skip
    model = made([outer], {"x": (FLOAT, [2]), "v": (BOOL, []), "w": (BOOL, [])}, FLOAT)
    agrees(run, model, {"x": np.array([1, 2], np.float32), "v": np.array(True), "w": np.array(True)})


def test_a_condition_of_one_element_adds_no_axis(run: Run) -> None:
    choice = node("If", "v", "y", then_branch=branch("t", [node("Abs", "x", "p")], "p"),
                  else_branch=branch("e", [node("Neg", "x", "q")], "q"))  # fmt: skip
    model = made([choice], {"x": (FLOAT, []), "v": (BOOL, [1])}, FLOAT)
    agrees(run, model, {"x": np.array(2, np.float32), "v": np.array([False])})


def test_sizes_without_names_are_not_taken_for_the_same() -> None:
    """All but the last of an axis; an axis of 1 made as long as another input's."""
    shape = [node("Shape", "x", "s"), node("Gather", "s zero", "n"), node("Sub", "n one", "m")]
    tensors = {"zero": np.array([0]), "one": np.array([1])}
    model = made([*shape, node("Slice", "x zero m", "y")], {"x": (FLOAT, [None, 3])}, FLOAT, tensors)
    refused(model, "Slice")
    nodes = [node("Shape", "z", "s"), node("Expand", "x s", "y")]
    refused(made(nodes, {"x": (FLOAT, [None]), "z": (FLOAT, [None])}, FLOAT), "Expand")
    nodes = [node("MatMul", "x z", "y")]
    refused(made(nodes, {"x": (FLOAT, [None, None, 2, 2]), "z": (FLOAT, [None, None, 2, 2])}, FLOAT), "MatMul")


def test_a_slice_backwards_from_before_the_first(run: Run) -> None:
    """onnxruntime moves where it begins to the first element."""
    tensors = {"from": np.array([-9]), "to": np.array([-(2**31)]), "axis": np.array([1]), "by": np.array([-1])}
    model = made([node("Slice", "x from to axis by", "y")], {"x": (FLOAT, ["N", 3])}, FLOAT, tensors)
    agrees(run, model, {"x": np.arange(6, dtype=np.float32).reshape(2, 3)})


def test_a_slice_backwards_to_the_largest_integer_is_refused() -> None:
    tensors = {"from": np.array([2]), "to": np.array([2**31 - 1]), "axis": np.array([1]), "by": np.array([-1])}
    refused(
        made([node("Slice", "x from to axis by", "y")], {"x": (FLOAT, ["N", 3])}, FLOAT, tensors), "largest integer"
    )


def test_constants_are_computed_as_onnxruntime_does(run: Run) -> None:
    """ONNX's reference has a BatchNormalization and a Slice that differ."""
    tensors = {"from": np.array([-9]), "to": np.array([-(2**31)]), "axis": np.array([1]), "by": np.array([-1])}
    tensors |= {"k": np.array([[1, 2, 3], [4, 5, 7]], np.float32), "one": np.ones(3, np.float32)}
    tensors["two"] = np.array([2, 3, 4], np.float32)
    nodes = [node("BatchNormalization", "k one two one two", "b"), node("Slice", "k from to axis by", "c")]
    nodes += [node("Add", "b c", "d"), node("Add", "d x", "y")]
    for opset in (13, 14, 15):
        model = made(nodes, {"x": (FLOAT, ["N", 1])}, FLOAT, tensors, opset)
        feeds = {"x": np.array([[1], [2]], np.float32)}
        np.testing.assert_allclose(run(model, feeds, "cpu")["y"], answers(model, feeds)[0], rtol=1e-6)


def test_a_table_ends_where_it_ends(run: Run) -> None:
    """Up to a size of the caller's that is beyond it: an error, and no row of it again."""
    table = np.arange(6, dtype=np.float32).reshape(3, 2)
    nodes = [node("Shape", "x", "s"), node("Slice", "table zero s", "y")]
    model = made(nodes, {"x": (FLOAT, ["N"])}, FLOAT, {"table": table, "zero": np.array([0])})
    agrees(run, model, {"x": np.zeros(2, np.float32)})
    for backend in ("cpu", "wasm"):
        with pytest.raises(AssertionError, match=r"GatherV2|not in"):
            run(model, {"x": np.zeros(4, np.float32)}, backend)


def test_the_rest_of_reals(run: Run) -> None:
    """Exact for divisors that are powers of two; others round a quotient, and 1 by 0.1 leaves 0."""
    x = {"x": (FLOAT, ["N"])}
    refused(made([node("Mod", "x by", "y", fmod=1)], x, FLOAT, {"by": np.float32(0.1)}), "Mod")
    refused(made([node("Mod", "x x", "y", fmod=1)], x, FLOAT), "Mod")
    model = made([node("Mod", "x by", "y", fmod=1)], x, FLOAT, {"by": np.array([4], np.float32)})
    agrees(run, model, {"x": np.array([7.3, -7.3, 3e38, 1e-30, 0], np.float32)})


def test_the_sign_of_what_is_near_to_0(run: Run) -> None:
    x = np.array([1e-30, -1e-30, 1e-7, -1e-7, 0, np.nan, np.inf, -np.inf], np.float32)
    agrees(run, made([node("Sign", "x", "y")], {"x": (FLOAT, ["N"])}, FLOAT), {"x": x})


def test_a_definition_means_the_same_in_an_older_opset() -> None:
    """A definition of opset 13 has a Softmax along one axis, where opset 12's is along all from that axis on."""
    from isoship.tfjs.network.functions import _runs_alike

    body = onnx.FunctionProto(node=[node("Softmax", "x", "y", axis=1)], opset_import=[helper.make_opsetid("", 13)])
    assert not _runs_alike(body, {"": 12})
    assert _runs_alike(body, {"": 21})
    body.node[0].op_type = "Mul"
    assert _runs_alike(body, {"": 12})


@pytest.mark.parametrize("start", range(1000, 1040, 10))
def test_random_graphs_answer_as_onnxruntime_or_are_refused(run: Run, start: int) -> None:
    warnings.simplefilter("ignore")
    carried = 0
    for seed in range(start, start + 10):
        drawn = Drawn(seed)
        model = drawn.model()
        try:
            network = compile_network(model)
        except UnsupportedModelError:
            continue
        carried += 1
        for n in (1, 3, 17):
            feeds = drawn.feeds(n)
            try:
                expected = answers(model, feeds)
            except FAULTS:  # an axis is shorter than what is asked for: no answer to agree with
                continue
            for backend in ("cpu", "wasm"):
                found = run(network, feeds, backend)
                for port, wanted in zip(network.outputs, expected, strict=True):
                    assert found[port.name].shape == wanted.shape, (seed, n, backend, port.name)
                    np.testing.assert_allclose(
                        found[port.name], wanted, rtol=1e-4, atol=1e-4, err_msg=f"{seed} {n} {backend} {port.name}"
                    )
    assert carried >= 4


def test_a_node_is_found_by_its_name() -> None:
    graph = GraphDef()
    x = graph.placeholder("x", "float32", [2])
    graph.op("TopKV2", x, graph.control(1), name="best")
    assert graph.node(Tensor("best:1", "int32"))["op"] == "TopKV2"
    graph.nodes[-1]["op"] = "Relu"
    assert graph.pruned(["best"]).made_by(Tensor("best", "float32")) == "Relu"
