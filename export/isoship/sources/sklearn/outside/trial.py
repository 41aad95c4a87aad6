"""A converter's part of the graph by itself, held against the estimator's own answers to the same rows."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper

from isoship.onnx.graph import IR_VERSION, ML, OPSET, OPSET_ML, GraphBuilder
from isoship.onnx.passes.bodies import read_in_bodies
from isoship.sources.sklearn.outside.given import Given, tensor
from isoship.sources.sklearn.outside.tensor import DTYPES, NUMBERS, NUMPY, Fault, Tensor
from isoship.sources.sklearn.walk.frame import Frame

Array = np.ndarray[Any, Any]

#: Two sizes of a batch that no other dimension has both of by chance.
_BATCHES = (2, 3)
#: What onnxruntime says of an operator that it lacks for these types.
_LACKS = re.compile(r"implementation for (\w+)\(\d+\) node")


@dataclass(frozen=True, eq=False)
class Part:
    """Nodes of one estimator with what they read as inputs. outputs: method -> the names of its columns."""

    model: onnx.ModelProto
    inputs: Frame
    outputs: Mapping[str, Sequence[str]]
    fault: Fault

    def run(self, feeds: Mapping[str, Array]) -> dict[str, list[Array]]:
        """method -> arrays.

        Raises:
            ConversionError: onnxruntime does not run it.
        """
        names = [name for each in self.outputs.values() for name in each]
        try:
            session = self._session()
            needed = {each.name for each in session.get_inputs()}
            found = session.run(None, {name: array for name, array in feeds.items() if name in needed})
        except Exception as err:  # onnxruntime's errors share no base class
            lacks = _LACKS.search(str(err))
            if lacks:
                raise self.fault(
                    f"the operator {lacks[1]} that it writes has no form in ONNX Runtime for these types, and so none"
                    " on lambda and edge: cast what it is given, or use another"
                ) from err
            first = str(err).strip().splitlines()[0][:300]
            raise self.fault(f"ONNX Runtime does not run what it writes: {first}") from err
        by_name = dict(zip(names, found, strict=True))
        return {method: [by_name[name] for name in each] for method, each in self.outputs.items()}

    def _session(self) -> Any:
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        return ort.InferenceSession(self.model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def measured(self, given: Given | None) -> dict[str, list[tuple[str, tuple[Any, ...]]]]:
        """method -> the dtype and the shape of each tensor; "N" where a size is that of the batch, None for another
        that follows it."""
        feeds = self._feeds(given)
        small, large = (
            self.run({name: np.resize(array, (rows, *array.shape[1:])) for name, array in feeds.items()})
            for rows in _BATCHES
        )
        return {
            method: [(_dtype(a), _shape(a, b)) for a, b in zip(each, large[method], strict=True)]
            for method, each in small.items()
        }

    def _feeds(self, given: Given | None) -> dict[str, Array]:
        held = None if given is None else given.feeds(self.inputs)
        if held is not None:
            return held
        return {
            block.name: np.full((1, block.width or 1), "" if block.dtype == "string" else 1, NUMPY[block.dtype])
            for block in self.inputs
            if block.name
        }

    def difference(self, given: Given, names: Sequence[str] | None, near: float) -> str:
        """Where the part answers otherwise than the estimator, in words; empty where it does not.

        near: how far a number may be, absolute and relative.
        """
        feeds = given.feeds(self.inputs)
        if feeds is None:
            return ""
        for method, arrays in self.run(feeds).items():
            if method not in given.answers:
                continue
            want, got = given.answers[method], np.column_stack(arrays)
            want = want.reshape(len(got), -1)
            if want.shape != got.shape:
                return f"its {method} gives {_count(want)} and the converter {_count(got)}"
            wrong = np.argwhere(_apart(want, got, near))
            if len(wrong):
                row, column = wrong[0].tolist()
                a, b = want[row, column], got[row, column]
                return (
                    f"column {column} of its {method} is {a} and the converter's {b} (given {_row(given, row, names)})"
                )
        return ""


def part_of(g: GraphBuilder, start: int, frame: Frame, outputs: Mapping[str, Sequence[Tensor]], fault: Fault) -> Part:
    """The nodes that were written from `start` on, as far as these outputs need them."""
    ends = {t.name for each in outputs.values() for t in each}
    needed, nodes = set(ends), []
    for node in reversed(g.nodes[start:]):
        if needed & set(node.output):
            nodes.append(node)
            needed |= set(node.input) | read_in_bodies([node])
    graph = helper.make_graph([], "part", [_info(b.name, NUMBERS[b.dtype], b.width) for b in frame if b.name], [])
    graph.node.extend(reversed(nodes))
    graph.initializer.extend(each for each in g.initializers if each.name in needed)
    names: dict[str, list[str]] = {}
    for method, each in outputs.items():
        names[method] = [f"{method} {i}" for i in range(len(each))]
        for name, t in zip(names[method], each, strict=True):
            graph.node.append(helper.make_node("Identity", [t.name], [name]))
            graph.output.append(onnx.ValueInfoProto(name=name))
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, OPSET_ML)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    return Part(model, frame, names, fault)


def _info(name: str, number: int, width: int | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, number, ["N"] if width is None else ["N", width])


def _dtype(array: Array) -> str:
    if array.dtype.kind in "OUS":
        return "string"
    number = helper.np_dtype_to_tensor_dtype(array.dtype)
    return DTYPES.get(number, str(array.dtype))


def _shape(small: Array, large: Array) -> tuple[Any, ...]:
    if small.ndim != large.ndim:
        return ()
    pairs = zip(small.shape, large.shape, strict=True)
    return tuple(a if a == b else "N" if (a, b) == _BATCHES else None for a, b in pairs)


def _apart(want: Array, got: Array, near: float) -> Array:
    if want.dtype.kind in "OUS" or got.dtype.kind in "OUS":
        texts = [tensor(each.ravel().tolist(), "string").reshape(each.shape) for each in (want, got)]
        return np.asarray(texts[0] != texts[1])
    a, b = want.astype(np.float64), got.astype(np.float64)
    with np.errstate(invalid="ignore"):
        same = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= near * (1 + np.abs(a)))
    return np.asarray(~same)


def _count(array: Array) -> str:
    return f"{array.shape[1]} column{'' if array.shape[1] == 1 else 's'}"


def _row(given: Given, row: int, names: Sequence[str] | None) -> str:
    table = given.frame.toarray() if hasattr(given.frame, "toarray") else given.frame
    values = table.iloc[row].tolist() if hasattr(table, "iloc") else table[row].tolist()
    held = names or [str(i) for i in range(len(values))]
    told = [f"{name}: {value!r}" for name, value in zip(held, values, strict=True)]
    return ", ".join(told[:8]) + (f" and {len(told) - 8} more" if len(told) > 8 else "")
