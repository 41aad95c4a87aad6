"""Whether a written graph computes anything: one that hands its inputs through proves nothing of who runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.tfjs.canonical import read_canonical
from isoship.tfjs.partition import partition

if TYPE_CHECKING:
    import onnx

#: Operators that move, rename or cast.
_MOVING = frozenset(
    {"Cast", "Const", "ExpandDims", "Identity", "IdentityN", "NoOp", "Pack", "Placeholder", "Reshape", "Squeeze",
     "Transpose"}
)  # fmt: skip


def computes(folder: Path) -> bool:
    """Whether the outputs of the model.json in a folder come from an operator that does more than move and cast.

    Raises:
        OSError, ValueError, KeyError: it cannot be read.
    """
    document: dict[str, Any] = json.loads((folder / "model.json").read_bytes())
    nodes = {node["name"]: node for node in document["modelTopology"]["node"]}
    waiting = [output["name"] for output in document["signature"]["outputs"].values()]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop().lstrip("^").split(":")[0]
        if name in seen:
            continue
        seen.add(name)
        if nodes[name]["op"] not in _MOVING:
            return True
        waiting += nodes[name].get("input", [])
    return False


def in_doubles(folder: Path) -> bool:
    """Whether the web form in a folder was written for a model that float32 does not hold."""
    try:
        document = json.loads((folder / "program.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and document.get("in_doubles") is True


def has_numbers_to_compute(model: onnx.ModelProto) -> bool:
    """Whether the graph of a canonical model's web form computes anything, were it written now."""
    return any(node["op"] not in _MOVING for node in partition(read_canonical(model)).emission.g.nodes)
