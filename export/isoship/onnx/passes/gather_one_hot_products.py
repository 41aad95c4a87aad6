"""Looks coefficients up where a matrix product would multiply a wide one-hot encoding: a row of 20,000 zeros and a one.

    codes [N, F] -> Gather -> Equal -> Cast -> (Concat, Gather, Add, Sub, Mul, Div by columns) -> MatMul (w [K, C])
    becomes
    codes [N, F] -> Max, Min, Add -> Gather (rows of w [R, C]) [N, F, C] -> ReduceSum [N, C]
    other columns -> MatMul (their rows of w)                                         └ Add [N, C]

Each feature has a run of rows in the table: zeros for a code below its first, a row for each code, zeros above. What
stands between the encoding and the product (a scaler, a selection) is computed on the constants 0 and 1, as it would be
on the row: the table holds `(one - zero) * w`, and the sum of all `zero * w` is added once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from isoship.onnx.passes.nodes import replace_nodes

Array = np.ndarray[Any, Any]

#: An encoding of fewer columns is multiplied as it is: a lookup would gain nothing.
_WIDE = 256
_BY_COLUMN = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide}


@dataclass(frozen=True)
class _Hot:
    """Columns that hold `one` where `codes[:, feature]` is `code`, else `zero`; each [K]."""

    codes: str
    feature: Array
    code: Array
    zero: Array
    one: Array


@dataclass(frozen=True)
class _Plain:
    """A tensor [N, width] as it is."""

    name: str
    width: int


_Piece = _Hot | _Plain


def apply(model: onnx.ModelProto) -> None:
    rewrite = _Rewrite(model)
    if not rewrite.wide:
        return
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        made = rewrite.product(node)
        nodes += [node] if made is None else made
    replace_nodes(model.graph, nodes)


class _Rewrite:
    """wide: whether the graph holds an encoding that is worth a lookup."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = model
        self._tensors = {tensor.name: tensor for tensor in model.graph.initializer}
        self._producers = {name: node for node in model.graph.node for name in node.output}
        self._added: list[onnx.NodeProto] = []
        self._count = 0
        self._widths: dict[str, int] | None = None
        self.wide = any(
            math.prod(self._tensors[name].dims) >= _WIDE
            for node in model.graph.node
            if node.op_type == "Equal"
            for name in node.input
            if name in self._tensors
        )

    def product(self, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
        """What takes the place of a product, or None."""
        if node.op_type != "MatMul" or node.domain or node.input[1] not in self._tensors:
            return None
        weights = numpy_helper.to_array(self._tensors[node.input[1]])
        if weights.ndim != 2 or weights.dtype.kind != "f":
            return None
        self._added = []
        pieces = self._pieces(node.input[0])
        hot = [piece for piece in pieces or () if isinstance(piece, _Hot)]
        features = sum(len(np.unique(piece.feature)) for piece in hot)
        columns = sum(len(piece.code) for piece in hot)
        if columns < _WIDE or 2 * features * weights.shape[1] > columns:
            return None
        if sum(_width(piece) for piece in pieces or ()) != len(weights) or any(map(_sparse, hot)):
            return None
        self._write(node, pieces or [], weights)
        return self._added

    def _write(self, node: onnx.NodeProto, pieces: Sequence[_Piece], weights: Array) -> None:
        ends = np.cumsum([_width(piece) for piece in pieces])
        rows = [weights[end - _width(piece) : end] for piece, end in zip(pieces, ends.tolist(), strict=True)]
        hot = [(piece, part) for piece, part in zip(pieces, rows, strict=True) if isinstance(piece, _Hot)]
        plain = [(piece, part) for piece, part in zip(pieces, rows, strict=True) if isinstance(piece, _Plain)]
        codes, tables, lengths = [], [], []
        for piece, part in hot:
            features = np.unique(piece.feature)
            every = np.array_equal(features, np.arange(self._width_of(piece.codes) or 0))
            codes.append(piece.codes if every else self._op("Gather", [piece.codes, self._const(features)], axis=1))
            for feature in features.tolist():
                mine = piece.feature == feature
                table = np.zeros((int(piece.code[mine].max()) + 3, weights.shape[1]), weights.dtype)
                change = np.subtract(piece.one, piece.zero, dtype=weights.dtype)[mine]
                np.add.at(table, piece.code[mine] + 1, change[:, None] * part[mine])
                tables.append(table)
                lengths.append(len(table))
        joined = codes[0] if len(codes) == 1 else self._op("Concat", codes, axis=1)
        firsts = np.cumsum([0, *lengths[:-1]]).reshape(1, -1)
        above = self._op("Max", [joined, self._const(np.array([[-1]]))])
        inside = self._op("Min", [above, self._const(np.array([lengths]) - 2)])
        place = self._op("Add", [inside, self._const(firsts + 1)])
        rows_found = self._op("Gather", [self._const(np.concatenate(tables)), place], axis=0)
        if len(lengths) == 1:
            parts = [self._op("Squeeze", [rows_found, self._const(np.array([1]))])]
        else:
            parts = [self._op("ReduceSum", [rows_found, self._const(np.array([1]))], keepdims=0)]
        if plain:
            x = [piece.name for piece, _ in plain]
            x_plain = x[0] if len(x) == 1 else self._op("Concat", x, axis=1)
            parts.insert(0, self._op("MatMul", [x_plain, self._const(np.concatenate([part for _, part in plain]))]))
        still = [(piece.zero.astype(weights.dtype)[:, None] * part) for piece, part in hot if piece.zero.any()]
        if still:
            sums = [math.fsum(column) for column in np.concatenate(still).T.tolist()]
            parts.append(self._const(np.array([sums], weights.dtype)))
        total = parts[0]
        for term in parts[1:]:
            total = self._op("Add", [total, term])
        self._op("Identity", [total], out=node.output[0])

    def _pieces(self, name: str) -> list[_Piece] | None:
        """The columns of a tensor, encodings apart from the rest; None where its width is not known."""
        node = self._producers.get(name)
        found = None if node is None or node.domain else self._made_by(node)
        if found is not None and any(isinstance(piece, _Hot) for piece in found):
            return found
        width = self._width_of(name)
        return None if width is None else [_Plain(name, width)]

    def _made_by(self, node: onnx.NodeProto) -> list[_Piece] | None:
        if node.op_type == "Equal":
            return self._encoding(node)
        if node.op_type == "Concat" and _attribute(node, "axis") in (1, -1):
            parts = [self._pieces(name) for name in node.input]
            return None if None in parts else [piece for part in parts for piece in part or ()]
        if node.op_type in ("Cast", "Identity", "Neg"):
            return self._each(node, node.input[0])
        if node.op_type == "Gather" and _attribute(node, "axis") == 1 and node.input[1] in self._tensors:
            indices = self._constant(node.input[1])
            pieces = self._pieces(node.input[0]) if indices.ndim == 1 else None
            return None if pieces is None else self._taken(pieces, indices)
        if node.op_type in _BY_COLUMN:
            constant = next((i for i, name in enumerate(node.input) if name in self._tensors), None)
            if constant is not None:
                return self._each(node, node.input[1 - constant], constant)
        return None

    def _encoding(self, node: onnx.NodeProto) -> list[_Piece] | None:
        constant = next((i for i, name in enumerate(node.input) if name in self._tensors), None)
        if constant is None:
            return None
        code = self._constant(node.input[constant])
        if code.dtype != np.int64 or code.ndim != 2 or len(code) != 1:
            return None
        codes, count = node.input[1 - constant], code.shape[1]
        spread = self._producers.get(codes)
        if spread is not None and spread.op_type == "Gather" and _attribute(spread, "axis") == 1:
            if spread.input[1] not in self._tensors:
                return None
            feature, codes = self._constant(spread.input[1]), spread.input[0]
        else:
            width = self._width_of(codes)
            feature = np.zeros(count, np.int64) if width == 1 else np.arange(width or 0)
        if feature.shape != (count,):
            return None
        return [_Hot(codes, feature.astype(np.int64), code[0], np.zeros(count, bool), np.ones(count, bool))]

    def _each(self, node: onnx.NodeProto, source: str, constant: int | None = None) -> list[_Piece] | None:
        """A node that treats every column alone, on each piece."""
        pieces = self._pieces(source)
        if pieces is None or not any(isinstance(piece, _Hot) for piece in pieces):
            return None
        total = sum(map(_width, pieces))
        if constant is not None:
            values = self._constant(node.input[constant])
            if values.size not in (1, total) or values.shape[-1:] != (values.size,) * min(1, values.ndim):
                return None
            values = np.broadcast_to(values.ravel(), (total,))
        made: list[_Piece] = []
        start = 0
        for piece in pieces:
            part = slice(start, start := start + _width(piece))
            if isinstance(piece, _Plain):
                names = [piece.name]
                if constant is not None:
                    names.insert(constant, self._const(np.array([values[part]])))
                out = self._op(node.op_type, names, **{a.name: helper.get_attribute_value(a) for a in node.attribute})
                made.append(_Plain(out, piece.width))
                continue
            ends = []
            for held in (piece.zero, piece.one):
                if constant is not None:
                    with np.errstate(all="ignore"):
                        operands = [held, values[part]] if constant == 1 else [values[part], held]
                        ends.append(_BY_COLUMN[node.op_type](*operands))
                elif node.op_type == "Cast":
                    ends.append(held.astype(helper.tensor_dtype_to_np_dtype(_attribute(node, "to"))))
                else:
                    ends.append(-held if node.op_type == "Neg" else held)
            if not all(np.isfinite(end).all() for end in ends):
                return None
            made.append(_Hot(piece.codes, piece.feature, piece.code, *ends))
        return made

    def _taken(self, pieces: Sequence[_Piece], indices: Array) -> list[_Piece]:
        """Some of the columns, in another order."""
        owner = np.repeat(np.arange(len(pieces)), [_width(piece) for piece in pieces])[indices]
        inside = np.concatenate([np.arange(_width(piece)) for piece in pieces])[indices]
        made: list[_Piece] = []
        for run in np.split(np.arange(len(indices)), np.flatnonzero(np.diff(owner)) + 1):
            piece, places = pieces[owner[run[0]]], inside[run]
            if isinstance(piece, _Plain):
                made.append(_Plain(self._op("Gather", [piece.name, self._const(places)], axis=1), len(places)))
            else:
                parts = (piece.feature, piece.code, piece.zero, piece.one)
                made.append(_Hot(piece.codes, *(part[places] for part in parts)))
        return made

    def _width_of(self, name: str) -> int | None:
        """The second dimension of a tensor of two."""
        if self._widths is None:
            inferred = onnx.shape_inference.infer_shapes(self._model).graph
            shapes = {
                each.name: each.type.tensor_type.shape.dim
                for each in (*inferred.value_info, *inferred.input, *inferred.output)
            }
            self._widths = {n: dim[1].dim_value for n, dim in shapes.items() if len(dim) == 2 and dim[1].dim_value}
        return self._widths.get(name)

    def _constant(self, name: str) -> Array:
        return numpy_helper.to_array(self._tensors[name])

    def _const(self, value: Array) -> str:
        tensor = numpy_helper.from_array(np.ascontiguousarray(value), self._name())
        self._model.graph.initializer.append(tensor)
        self._tensors[tensor.name] = tensor
        return str(tensor.name)

    def _op(self, op_type: str, inputs: Sequence[str], out: str | None = None, **attributes: Any) -> str:
        name = out or self._name()
        self._added.append(helper.make_node(op_type, inputs, [name], name=f"{op_type}_{name}", **attributes))
        return name

    def _name(self) -> str:
        self._count += 1
        return f"one_hot_lookup_{self._count}"


def _width(piece: _Piece) -> int:
    return piece.width if isinstance(piece, _Plain) else len(piece.code)


def _sparse(piece: _Hot) -> bool:
    """Codes that are no numbering from 0: a table of them would have holes."""
    return bool(piece.code.min(initial=0) < 0 or piece.code.max(initial=0) > 4 * len(piece.code) + 64)


def _attribute(node: onnx.NodeProto, name: str) -> Any:
    found = next((attribute for attribute in node.attribute if attribute.name == name), None)
    return 0 if found is None else helper.get_attribute_value(found)
