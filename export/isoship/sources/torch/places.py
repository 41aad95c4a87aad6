"""Where a step of an exported program comes from: the module's path and class, and its node in the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import onnx


def place_of(node: Any) -> str:
    """`block.1 (Dropout): aten.dropout` for a node of torch.fx."""
    while getattr(node.target, "__name__", "") == "getitem":  # one of several outputs: the step that gives them
        node = node.args[0]
    operator = f"{node.target}".removesuffix(".default")
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    if not stack:
        return operator
    path, kind = stack[-1]
    return f"{_titled(path, str(kind))}: {operator}"


def of_step(program: Any, graph: onnx.ModelProto, tensor: str, renamed: dict[str, str]) -> str:
    """`pool (AvgPool2d): aten.avg_pool2d, node 'node_avg_pool2d' (AveragePool)`."""
    step = next((node for node in program.graph.nodes if node.name == renamed.get(tensor, tensor)), None)
    made = next((node for node in graph.graph.node if tensor in node.output), None)
    said = [place_of(step)] if step is not None else []
    if made is not None:
        said.append(f"node {made.name!r} ({made.op_type})")
    return ", ".join(said)


def _titled(path: str, kind: str) -> str:
    kind = kind.rpartition(".")[2].rstrip("'>")
    return f"{path} ({kind})" if path else kind
