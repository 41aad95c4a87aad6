"""docs/architecture.md draws program.json, rows.json and golden.json with every member that they have."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper
from pages import pages

from isoship.bundle.web_tensors import compiled
from isoship_edge.manifest import Output, Signature
from isoship_edge.tensors.signature import Input

BLOCKS = pages()["docs/architecture.md"].blocks
#: Members whose own members are names that the model gives.
NAMED = ("constants", "attrs", "inputs", "outputs", "expected", "rows", "row")


def drawn(member: str) -> Any:
    """The drawing with this member, its "..." taken for nothing more."""
    (text,) = [b.text for b in BLOCKS if b.text.startswith('{"format"') and f'"{member}"' in b.text]
    return json.loads(re.sub(r",?\s*\.\.\.(?=[\]}])", "", text))


def members(value: Any, name: str = "") -> set[str]:
    """`steps.op` for {"steps": [{"op": ...}]}."""
    if isinstance(value, list):
        return {found for one in value for found in members(one, name)}
    if not isinstance(value, dict) or "$" in value:  # {"$": "inf"} is a number
        return set()
    if name.rsplit(".", 1)[-1] in NAMED:
        return {found for one in value.values() for found in members(one, f"{name}.NAME")}
    paths = {f"{name}.{key}": one for key, one in value.items()}
    return paths.keys() | {found for path, one in paths.items() for found in members(one, path)}


@pytest.mark.parametrize(
    ("file", "member"), [("web/program.json", "prefix"), ("rows.json", "steps"), ("golden.json", "margin")]
)
def test_the_drawing_has_every_member(bundle: Path, file: str, member: str) -> None:
    held = json.loads((bundle / file).read_bytes())
    assert set(held) == set(drawn(member))
    assert members(held) - members(drawn(member)) == set()


def test_the_drawing_of_a_networks_program_has_every_member() -> None:
    cast = helper.make_node("Cast", ["image"], ["logits"], to=TensorProto.FLOAT)
    ports = [("image", TensorProto.UINT8), ("logits", TensorProto.FLOAT)]
    taken, given = ([helper.make_tensor_value_info(name, kind, ["N", 2])] for name, kind in ports)
    model = helper.make_model(helper.make_graph([cast], "g", taken, given), opset_imports=[helper.make_opsetid("", 21)])
    signature = Signature("tensors", (), (Input("image", "uint8", ("N", 2)),))
    held = compiled(model, signature, (Output("logits", "tensor", "float", ("N", 2)),)).program
    sketch = drawn("tfjs")
    assert (held.keys(), held["format"]) == (sketch.keys(), sketch["format"])
    for side in ("inputs", "outputs"):
        (port,), (sketched,) = held[side], sketch[side]
        assert {**port, "node": ""} == {**sketched, "node": ""}
