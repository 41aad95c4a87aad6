"""One row by the short way: the same bits as by the long one, and nothing answered that the contract refuses."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper
from side_by_side import side_by_side

from bundles import VISITS_ROWS
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.errors import InferenceError, InputError
from isoship_edge.inference.model import load
from isoship_edge.inference.one_row import OneRow
from isoship_edge.inference.session import open_session
from isoship_edge.inference.tensor import Tensor
from isoship_edge.manifest import Column, Signature, manifest_from_json

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "rows.json").read_text())["cases"]
TYPES = {
    "double": TensorProto.DOUBLE, "int64": TensorProto.INT64, "bool": TensorProto.BOOL, "string": TensorProto.STRING
}  # fmt: skip
EVERY = Signature(
    "columns",
    (
        Column("flag", "bool"),
        Column("text", "string", True),
        Column("plan", "string", categories=("basic", "pro")),
        Column("x", "double", True, minimum=-10.0),
        Column("n", "int64", maximum=9),
        Column("open", "double", exclusive_minimum=0.0, exclusive_maximum=1.0),
        Column("free", "double", infinity=True),
        Column("code", "int64", categories=(1, 2)),
        Column("other", "bool"),
    ),
)
MATRIX = Signature("matrix", (Column("a", "bool"), Column("b", "int64"), Column("c", "double", True)))
OPEN = Signature("matrix", (Column("a", "double"), Column("b", "double", True), Column("c", "double", infinity=True)))


def echo(path: Path, signature: Signature) -> Path:
    """Every column comes out as it went in."""
    if signature.layout == "matrix":
        shapes = {"X": (TensorProto.DOUBLE, len(signature.columns))}
    else:
        shapes = {column.name: (TYPES[column.dtype], 1) for column in signature.columns}
    graph = helper.make_graph(
        [helper.make_node("Identity", [name], [f"{name}_out"]) for name in shapes],
        "echo",
        [helper.make_tensor_value_info(name, kind, ["N", width]) for name, (kind, width) in shapes.items()],
        [helper.make_tensor_value_info(f"{name}_out", kind, ["N", width]) for name, (kind, width) in shapes.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)
    return path


def same(tensor: Tensor, other: Tensor) -> bool:
    if tensor.dtype == "string":
        return tensor == other
    return tensor[:2] == other[:2] and bytes(tensor.data) == bytes(other.data)


def check(one_row: OneRow, signature: Signature, row: Any) -> bool:
    """Whether a row is answered; where it is, that `decode` makes the same of it."""
    made = one_row(row)
    if made is not None:
        expected = decode_rows([row], signature)
        assert made.keys() == {f"{name}_out" for name in expected}
        assert all(same(made[f"{name}_out"], tensor) for name, tensor in expected.items()), row
    return made is not None


def echoed(tmp_path: Path, signature: Signature) -> OneRow:
    session = open_session(echo(tmp_path / "echo.onnx", signature), backend="c_api")
    return OneRow(signature, session.outputs, session)


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_shared_vectors(case: dict[str, Any], tmp_path: Path) -> None:
    core = {"format": 1, "name": "v", "version": "0", "digest": "", "outputs": [], "tolerances": {}, "encoder": None}
    signature = manifest_from_json(
        {**core, "provenance": {}, "files": {}, "signature": case["signature"]}
    ).signature  # fmt: skip
    one_row = echoed(tmp_path, signature)
    rows = case["rows"] if isinstance(case["rows"], list) else [case["rows"]]
    answered = [check(one_row, signature, row) for row in rows]
    if "refused" in case and case["refused"].get("row") is not None:
        assert not answered[case["refused"]["row"]]


GOOD = {
    "flag": True, "text": "Ærø 🐧", "plan": "pro", "x": 0.1, "n": -3, "open": 0.5, "free": 1.5, "code": 2,
    "other": False,
}  # fmt: skip
VALUES = [
    None, True, False, 0, 1, 2, 9, 10, -10, -10.5, 0.0, -0.0, 1.0, 2.0, 0.25, 5e-324, 1.7e308, math.inf, -math.inf,
    math.nan, 2**53, 2**53 + 1, -(2**53) - 1, 10**400, "", "basic", "a\0b", "\ud83d", "\ufdd0", "x" * 3000, [], {}, [1],
]  # fmt: skip


@pytest.mark.parametrize("signature", [EVERY, MATRIX, OPEN], ids=["columns", "matrix", "doubles"])
def test_every_value_in_every_column(signature: Signature, tmp_path: Path) -> None:
    one_row = echoed(tmp_path, signature)
    good = {EVERY: GOOD, MATRIX: {"a": True, "b": 3, "c": 0.5}, OPEN: {"a": 1.7e308, "b": -0.5, "c": 0.5}}[signature]
    assert check(one_row, signature, good)
    answered = sum(check(one_row, signature, {**good, name: value}) for name in good for value in VALUES)
    assert answered > len(good) * 2  # the property would hold for a way that is never taken
    for row in ({**good, "more": 1}, {k: good[k] for k in list(good)[1:]}, [], None, "text", list(good.items())):
        assert not check(one_row, signature, row)
    assert check(one_row, signature, dict(reversed(good.items())))


def test_a_refused_row_is_refused_in_the_words_of_the_contract(visits: Path) -> None:
    model = load(visits)
    assert model.tensors_from_json(VISITS_ROWS[:1]).keys() == {output.name for output in model.manifest.outputs}
    with pytest.raises(InputError, match=r'row 4, column "plan": expected one of "basic", "pro", got a string "gold"'):
        model.tensors_from_json([{**VISITS_ROWS[0], "plan": "gold"}], first=4)


def test_the_short_way_gives_the_bits_of_the_long_one(visits: Path) -> None:
    random.seed(3)
    model = load(visits)
    for _ in range(200):
        row = {**random.choice(VISITS_ROWS), "age": random.choice([None, random.uniform(0, 99)])}
        long = model.infer(decode_rows([row], model.manifest.signature), 1)
        assert model.tensors_from_json([row]) == long
        assert model.tensors_from_columns({name: [value] for name, value in row.items()}, 1) == long


def test_answers_are_the_callers_to_keep(visits: Path) -> None:
    model = load(visits)
    made = [model.tensors_from_json([row]) for row in (*VISITS_ROWS, *VISITS_ROWS)]
    assert list(map(repr, made[: len(VISITS_ROWS)])) == list(map(repr, made[len(VISITS_ROWS) :]))
    assert len(set(map(repr, made))) > 1


def nonzero(path: Path) -> Path:
    """[N, 1] -> the places of what is not zero, a constant, and an integer division, which fails on zero."""
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("NonZero", ["n"], ["places"]),
            helper.make_node("Identity", ["kept"], ["constant"]),
            helper.make_node("GatherElements", ["kept", "n"], ["picked"], axis=0),
        ],
        "nonzero",
        [info("n", TensorProto.INT64, ["N", 1])],
        [
            info("places", TensorProto.INT64, [2, "K"]),
            info("constant", TensorProto.DOUBLE, [2, 1]),
            info("picked", TensorProto.DOUBLE, ["N", 1]),
        ],
        [helper.make_tensor("kept", TensorProto.DOUBLE, [2, 1], [0.5, 0.25])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)
    return path


def test_outputs_may_change_their_shape_and_rows_may_fail(tmp_path: Path) -> None:
    session = open_session(nonzero(tmp_path / "nonzero.onnx"), backend="c_api")
    one_row = OneRow(Signature("columns", (Column("n", "int64"),)), session.outputs, session)

    def shapes(n: int) -> list[tuple[int, ...]]:
        made = one_row({"n": n}) or {}
        assert list(made["constant"].data) == [0.5, 0.25]
        assert list(made["picked"].data) == [[0.5, 0.25][n]]
        return [made["places"].shape, made["picked"].shape]

    def fails() -> None:
        with pytest.raises(InferenceError):
            one_row({"n": 7})

    fails()
    for n in (1, 1, 0, 1, 0):
        assert shapes(n) == [(2, n), (1, 1)]
    fails()
    fails()
    assert shapes(1) == [(2, 1), (1, 1)]
    session.close()
    with pytest.raises(InferenceError, match="closed"):
        one_row({"n": 1})


def test_threads_share_it(visits: Path) -> None:
    model = load(visits)
    expected = [repr(model.tensors_from_json([row])) for row in VISITS_ROWS]
    wrong: list[int] = []

    def work(shift: int) -> None:
        for i in range(200):
            k = (i + shift) % len(VISITS_ROWS)
            if repr(model.tensors_from_json([VISITS_ROWS[k]])) != expected[k]:
                wrong.append(k)

    side_by_side(work)
    assert wrong == []


def test_without_the_c_library_the_long_way_answers(visits: Path) -> None:
    model = load(visits, backend="binding")
    assert model.tensors_from_json(VISITS_ROWS[:1]) == load(visits).tensors_from_json(VISITS_ROWS[:1])
