"""One row after the other through the C library, whose inputs then serve again: no row sees another one's values."""

from __future__ import annotations

import threading
from array import array
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from isoship_edge.errors import InferenceError
from isoship_edge.inference.session import Session, open_session
from isoship_edge.inference.tensor import Tensor


@pytest.fixture
def sums(tmp_path: Path) -> Session:
    """sum = a + b of doubles [N, 1], and the bool beside them as it came."""
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("Identity", ["flag"], ["same"])],
        "sums",
        [*(info(name, TensorProto.DOUBLE, ["N", 1]) for name in "ab"), info("flag", TensorProto.BOOL, ["N", 1])],
        [info("sum", TensorProto.DOUBLE, ["N", 1]), info("same", TensorProto.BOOL, ["N", 1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.save(model, tmp_path / "sums.onnx")
    return open_session(tmp_path / "sums.onnx", backend="c_api")


def row(a: float, b: float, flag: bool = True) -> dict[str, Tensor]:
    return {
        "a": Tensor("double", (1, 1), array("d", [a])),
        "b": Tensor("double", (1, 1), array("d", [b])),
        "flag": Tensor("bool", (1, 1), bytearray([flag])),
    }


def test_each_row_has_its_own_values(sums: Session) -> None:
    for i in range(20):
        got = sums.run(row(i, 0.25, flag=i % 2 == 0), ("sum", "same"))
        assert (got["sum"].data[0], got["same"].data[0]) == (i + 0.25, i % 2 == 0)
    assert list(sums.run(row(1, 2), ("same",))) == ["same"]


def test_the_callers_memory_stays_the_callers(sums: Session) -> None:
    first = row(1.0, 2.0)
    kept = sums.run(first, ("sum",))["sum"]
    assert sums.run(row(5.0, 6.0), ("sum",))["sum"].data[0] == 11.0
    assert (first["a"].data[0], kept.data[0]) == (1.0, 3.0)


def test_batches_between_rows_are_answered_whole(sums: Session) -> None:
    for count in (1, 3, 1, 2, 1):
        flags = Tensor("bool", (count, 1), bytearray([1] * count))
        column = Tensor("double", (count, 1), array("d", range(count)))
        got = sums.run({"a": column, "b": column, "flag": flags}, ("sum",))["sum"]
        assert (got.shape, list(got.data)) == ((count, 1), [2.0 * i for i in range(count)])


def test_threads_do_not_share_a_row(sums: Session) -> None:
    wrong: list[tuple[float, float]] = []

    def work(number: int) -> None:
        for i in range(400):
            got = sums.run(row(number * 1000, i), ("sum",))["sum"].data[0]
            if got != number * 1000 + i:
                wrong.append((got, number * 1000 + i))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []


def test_a_refused_row_spoils_none_after_it(sums: Session) -> None:
    assert sums.run(row(1, 2), ("sum",))["sum"].data[0] == 3.0
    with pytest.raises(InferenceError):
        sums.run({"a": row(1, 2)["a"]}, ("sum",))
    assert sums.run(row(3, 4), ("sum",))["sum"].data[0] == 7.0
    sums.close()
    with pytest.raises(InferenceError, match="closed"):
        sums.run(row(1, 2), ("sum",))
