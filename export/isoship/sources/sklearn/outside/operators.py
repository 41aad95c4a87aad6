"""`g.op`: the operators of ONNX by name. Each call adds a node whose types are checked where it stands.

    g.op.Max(columns["age"], 0.0)                      inputs: tensors, or values of Python and numpy
    g.op.Concat(a, b, axis=1)                          attributes by their names
    left, right = g.op.Split(x, axis=1, num_outputs=2)

Numbers take the type of the tensors beside them, where that loses nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any

import numpy as np
import onnx
from onnx import defs, helper, numpy_helper

from isoship.onnx.graph import ML, OPSET, OPSET_ML, GraphBuilder
from isoship.sources.sklearn.outside.tensor import DTYPES, NUMBERS, NUMPY, Fault, Tensor

_DOMAINS = {"": OPSET, ML: OPSET_ML}
_OPSETS = [helper.make_opsetid(domain, version) for domain, version in _DOMAINS.items()]
#: Of int64 onnxruntime compares 32 bits in these (findings/onnxruntime_int64_min_max_sign.sh).
_NARROW = ("Clip", "Max", "Min", "Sign")
_RANDOM = ("Bernoulli", "Dropout", "Multinomial", "Random")


class Operators:
    """written: takes the names of the nodes that are written here, each with `where`."""

    def __init__(self, g: GraphBuilder, fault: Fault, written: MutableMapping[str, str], where: str) -> None:
        self._g, self._fault, self._written, self._where = g, fault, written, where
        self._constants: dict[str, onnx.TensorProto] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        schema = _schema(name)
        if schema is None:
            near = difflib.get_close_matches(name, sorted({each.name for each in _all()}), 3)
            hint = f" (did you mean {' or '.join(near)}?)" if near else ""
            raise self._fault(f"{name} is no operator of ONNX {OPSET} or ai.onnx.ml {OPSET_ML}{hint}")
        if name.startswith(_RANDOM):
            raise self._fault(f"the operator {name} draws random numbers, and a shipped model has one answer a row")
        return partial(self._add, schema)

    def _add(self, schema: Any, *inputs: Any, outputs: int | None = None, **attributes: Any) -> Any:
        attributes = {key: self._attribute(schema, key, value) for key, value in attributes.items()}
        absent = [key for key, each in schema.attributes.items() if each.required and key not in attributes]
        if absent:
            raise self._fault(f"{schema.name} needs the attribute {absent[0]}")
        if not schema.min_input <= len(inputs) <= schema.max_input:
            raise self._fault(f"{schema.name} is given {len(inputs)} inputs and takes {_numbers(schema)}")
        given = self._inputs(schema, inputs)
        if schema.name in _NARROW and any(each.dtype == "int64" for each in given):
            raise self._fault(
                f"ONNX Runtime's {schema.name} compares 32 bits of int64 numbers: g.cast them to double, or write it"
                " with Less and Where"
            )
        count = outputs or attributes.get("num_outputs") or max(1, schema.min_output)
        names = [self._g.name(schema.name.lower()) for _ in range(count)]
        self._g.ops(schema.name, *(t.name for t in given), outs=names, ml=schema.domain == ML, **attributes)
        self._written[self._g.nodes[-1].name] = self._where
        made = self._inferred(schema, given, names)
        return made[0] if count == 1 else tuple(made)

    def _attribute(self, schema: Any, name: str, value: Any) -> Any:
        if name not in schema.attributes:
            known = ", ".join(sorted(schema.attributes)) or "none"
            raise self._fault(f"{schema.name} has no attribute {name!r}; it has {known}")
        kind = str(schema.attributes[name].type).rpartition(".")[2]
        if kind in ("GRAPH", "GRAPHS"):
            raise self._fault(f"{schema.name} holds a graph of its own, which a converter cannot write")
        if schema.name == "Cast" and name == "to" and value in NUMBERS:
            return NUMBERS[value]
        if kind == "TENSOR":
            array = np.asarray(value)
            return numpy_helper.from_array(array.astype(object) if array.dtype.kind in "US" else array)
        value = value.tolist() if hasattr(value, "tolist") else value
        if kind in ("FLOAT", "FLOATS"):
            return float(value) if kind == "FLOAT" else [float(each) for each in value]
        return value

    def _inputs(self, schema: Any, inputs: tuple[Any, ...]) -> list[Tensor]:
        """Values as constants, in the type of the tensors that the operator wants them to be like."""
        kinds = [schema.inputs[min(i, len(schema.inputs) - 1)].type_str for i in range(len(inputs))]
        allowed = {each.type_param_str: set(each.allowed_type_strs) for each in schema.type_constraints}
        bound: dict[str, Tensor] = {}
        for kind, given in zip(kinds, inputs, strict=True):
            if not isinstance(given, Tensor) or given.dtype is None:
                continue
            other = bound.setdefault(kind, given)
            if kind in allowed and other.dtype != given.dtype:
                raise self._fault(
                    f"{schema.name} takes tensors of one type and is given {other.dtype} beside {given.dtype}:"
                    " g.cast one"
                )
            if f"tensor({given.dtype})" not in allowed.get(kind, {kind}):
                raise self._fault(f"{schema.name} does not take {given.dtype}: g.cast it to another type")
        return [
            given if isinstance(given, Tensor) else self._constant(schema, kind, bound.get(kind), allowed, given)
            for kind, given in zip(kinds, inputs, strict=True)
        ]

    def _constant(
        self, schema: Any, kind: str, like: Tensor | None, allowed: dict[str, set[str]], value: Any
    ) -> Tensor:
        if value is None:
            return Tensor("", None)
        wanted = like.dtype if like is not None else None
        types = allowed.get(kind, {kind})
        if wanted is None and types == {"tensor(int64)"}:
            wanted = "int64"
        return self.constant(value, wanted, schema.name)

    def constant(self, value: Any, dtype: str | None = None, operator: str = "a constant") -> Tensor:
        """A value in the graph. dtype: its own by default, float64 for numbers with a point."""
        try:
            array = np.asarray(value)
        except ValueError as err:
            raise self._fault(f"{operator} is given {value!r}, which is no array ({err})") from err
        if array.dtype.kind not in "fiubUSO" or (array.dtype == object and not _texts(array)):
            raise self._fault(
                f"{operator} is given {value!r}, a {type(value).__name__} of {array.dtype}: no tensor holds it"
            )
        if array.dtype.kind in "USO":
            array, own = array.astype(str), "string"
        else:
            own = {"f": "double", "i": "int64", "u": "int64", "b": "bool"}[array.dtype.kind]
        kind = dtype or own
        if ("string" in (kind, own) and kind != own) or kind not in NUMPY:
            raise self._fault(f"{operator} is given {value!r} beside {kind}")
        typed: np.ndarray[Any, Any] = array.astype(NUMPY[kind])
        if kind != "string" and not np.array_equal(typed.astype(np.float64), array.astype(np.float64), equal_nan=True):
            raise self._fault(
                f"{operator} is given {value!r} beside {kind}, which does not hold it: g.cast the tensor first"
            )
        name = self._g.const(typed)
        self._constants.setdefault(name, next(each for each in self._g.initializers if each.name == name))
        return Tensor(name, kind, typed.shape)

    def _inferred(self, schema: Any, given: list[Tensor], names: list[str]) -> list[Tensor]:
        """What onnx says of a node's outputs.

        Raises:
            ConversionError: the inputs do not go together.
        """
        if any(t.name and t.dtype is None for t in given):
            return [Tensor(name, None) for name in names]
        node = self._g.nodes[-1]
        types = {t.name: _type_of(t) for t in given if t.name and t.dtype is not None}
        held = {t.name: self._constants[t.name] for t in given if t.name in self._constants}
        try:
            found = onnx.shape_inference.infer_node_outputs(schema, node, types, held, opset_imports=_OPSETS)
        except Exception as err:  # onnx's own errors share no base class
            shapes = ", ".join(f"{t.dtype} {_written(t.shape)}" for t in given if t.name)
            first = next((line for line in str(err).splitlines() if line.strip()), type(err).__name__)
            raise self._fault(f"{schema.name} of {shapes}: {first}") from err
        return [_tensor(name, found.get(name)) for name in names]


def _all() -> list[Any]:
    return [each for each in defs.get_all_schemas() if each.domain in _DOMAINS and not each.deprecated]


def _schema(name: str) -> Any:
    for domain, version in _DOMAINS.items():
        try:
            found = defs.get_schema(name, version, domain)
        except defs.SchemaError:
            continue
        if not found.deprecated:
            return found
    return None


def _type_of(tensor: Tensor) -> onnx.TypeProto:
    shape = None if tensor.shape is None else list(tensor.shape)
    number = onnx.TensorProto.DataType.Value((tensor.dtype or "").upper())
    return helper.make_tensor_type_proto(number, shape)


def _tensor(name: str, found: onnx.TypeProto | None) -> Tensor:
    held = None if found is None else found.tensor_type
    if held is None or not held.elem_type:
        return Tensor(name, None)
    dtype = DTYPES.get(held.elem_type, onnx.TensorProto.DataType.Name(held.elem_type).lower())
    if not held.HasField("shape"):
        return Tensor(name, dtype)
    return Tensor(name, dtype, tuple(_size(each) for each in held.shape.dim))


def _size(dimension: Any) -> int | str | None:
    return dimension.dim_value if dimension.HasField("dim_value") else dimension.dim_param or None


def _texts(array: np.ndarray[Any, Any]) -> bool:
    return all(isinstance(each, str) for each in array.ravel().tolist())


def _written(shape: Any) -> str:
    return "[...]" if shape is None else f"[{', '.join('?' if each is None else str(each) for each in shape)}]"


def _numbers(schema: Any) -> str:
    least, most = schema.min_input, schema.max_input
    return str(least) if least == most else f"{least} or more" if most > 1000 else f"{least} to {most}"
