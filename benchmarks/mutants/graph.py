"""A bundle's model.onnx, open for planting: its constants by the operators that use them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from benchmarks.mutants.sealing import put

Array = np.ndarray[Any, Any]


class Canonical:
    """The graph; `save` writes it back."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "model.onnx"
        self.model = onnx.load(self._path)
        self.graph = self.model.graph

    def save(self) -> None:
        put(self._path, self.model.SerializeToString(deterministic=True))

    def node(self, op: str, which: int = 0) -> Any:
        """The so-manieth node of a kind; -1 is the last."""
        return [n for n in self.graph.node if n.op_type == op][which]

    def maker_of(self, tensor: str) -> Any:
        return next(n for n in self.graph.node if tensor in n.output)

    def constant(self, name: str) -> Array:
        """A copy of an initializer."""
        return np.array(numpy_helper.to_array(self._initializer(name)))

    def set_constant(self, name: str, array: Array) -> None:
        self._initializer(name).CopyFrom(numpy_helper.from_array(array, name))

    def change(self, op: str, edit: Callable[[Array], Array | None], *, which: int = 0, operand: int = 1) -> None:
        """Edits the constant operand of a node in place, or by what `edit` returns."""
        name = self.node(op, which).input[operand]
        array = self.constant(name)
        edited = edit(array)
        self.set_constant(name, array if edited is None else edited)

    def attributes(self, node: Any) -> dict[str, Any]:
        """Attributes as Python values, tensors as arrays."""
        values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        return {
            k: np.array(numpy_helper.to_array(v)) if isinstance(v, onnx.TensorProto) else v for k, v in values.items()
        }

    def set_attribute(self, node: Any, name: str, value: Any) -> None:
        old = next((a for a in node.attribute if a.name == name), None)
        if isinstance(value, np.ndarray):
            value = numpy_helper.from_array(value, name)
        kept = [a for a in node.attribute if a is not old]
        made = helper.make_attribute(name, value)
        del node.attribute[:]
        node.attribute.extend([*kept, made])

    def before(self, tensor: str, *steps: tuple[str, dict[str, Any]]) -> None:
        """Puts operators between an input of the graph (or a tensor) and all who use it."""
        users = [n for n in self.graph.node if tensor in n.input]
        name = tensor
        made = []
        for i, (op, attributes) in enumerate(steps):
            made.append(helper.make_node(op, [name], [f"{tensor} planted {i}"], **attributes))
            name = made[-1].output[0]
        for user in users:
            user.input[:] = [name if i == tensor else i for i in user.input]
        self._insert(made, first_user=users[0])

    def after(self, output: str, make: Callable[[str], Any]) -> None:
        """Puts a node between an output of the graph and what computed it. make: inner name -> node without outputs."""
        inner = f"{output} before the fault"
        for node in self.graph.node:
            node.output[:] = [inner if o == output else o for o in node.output]
            node.input[:] = [inner if i == output else i for i in node.input]
        node = make(inner)
        node.output.append(output)
        self.graph.node.append(node)

    def instead(self, node: Any, *made: Any) -> None:
        """Puts nodes in the place of one; the last makes what it made."""
        place = list(self.graph.node).index(node)
        self._insert(list(made), first_user=node)
        del self.graph.node[place + len(made)]

    def output(self, name: str) -> Any:
        return next(o for o in self.graph.output if o.name == name)

    def add_constant(self, name: str, array: Array) -> str:
        self.graph.initializer.append(numpy_helper.from_array(array, name))
        return name

    def _insert(self, nodes: list[Any], *, first_user: Any) -> None:
        place = list(self.graph.node).index(first_user)
        rest = list(self.graph.node)[place:]
        kept = list(self.graph.node)[:place]
        copies = [onnx.NodeProto.FromString(n.SerializeToString()) for n in [*kept, *nodes, *rest]]
        del self.graph.node[:]
        self.graph.node.extend(copies)

    def _initializer(self, name: str) -> Any:
        return next(i for i in self.graph.initializer if i.name == name)
