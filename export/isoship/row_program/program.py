"""Writes the row program of a canonical graph: rows.json, and rows.bin where there are large constants.

    {"format": 1, "constants": {...}, "inputs": {"height": {"dtype": "double", "shape": ["N", 1]}},
     "steps": [{"op": "Sub", "inputs": ["height", "c1"], "outputs": ["t1"], "attrs": {}}, ...],
     "outputs": {"label": "t9"}}

Constants and steps are those of web/program.json. One row is asked at a time: N is 1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from isoship.errors import ConversionError, UnsupportedModelError
from isoship.row_program.cost import most_rows
from isoship.row_program.operators import ROW_OPS, TREES, is_libm
from isoship.row_program.trees import Tables, tables_of
from isoship.tfjs.canonical import Graph, Node, read_canonical
from isoship.tfjs.program import Program, constant_entries
from isoship.tfjs.program_ops import REALS
from isoship.tfjs.steps import NotInJavaScript
from isoship_edge.errors import BundleError
from isoship_edge.rows import program as evaluator
from isoship_edge.rows.program import BINARY, FORMAT, JSON

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True)
class RowProgram:
    """files: name -> bytes. libm: the outputs whose last bits hang on the platform's C library. operators: sorted.
    most_rows: target -> the most rows of a request that it answers.

    Where there is no row program, files are none and `lacks` says why: the operator that there is not, or the step
    that takes too long for one row.
    """

    files: dict[str, bytes]
    libm: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    most_rows: Mapping[str, int] = field(default_factory=dict)
    lacks: str = ""


def row_program_of(model: onnx.ModelProto) -> RowProgram:
    """The row program of a canonical graph, or why there is none."""
    try:
        graph = read_canonical(model)
        ensembles = {node.outputs[0]: tables_of(node, graph) for node in graph.nodes if node.op == "ml.TreeEnsemble"}
        program = _translated(graph, ensembles)
    except UnsupportedModelError as err:
        return RowProgram({}, lacks=f"{err.step}: {err.why}")
    except ConversionError as err:
        return RowProgram({}, lacks=str(err))
    program.outputs = {name: program.name(name) for name in graph.outputs}
    program.drop_unused()
    constants, binary = constant_entries(program.constants)
    document = {
        "format": FORMAT,
        "constants": constants,
        "inputs": {
            name: {"dtype": graph.values[name].dtype, "shape": list(graph.values[name].shape)} for name in graph.inputs
        },
        "steps": program.prefix,
        "outputs": program.outputs,
    }
    try:
        evaluator.RowProgram(document, binary)
    except BundleError as err:
        return RowProgram({}, lacks=str(err))
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n"
    files = {JSON: text.encode()} | ({BINARY: binary} if binary else {})
    operators = tuple(sorted({step["op"] for step in program.prefix}))
    return RowProgram(files, _libm(graph), operators, most_rows(graph, list(ensembles.values())))


def _translated(graph: Graph, ensembles: Mapping[str, Tables]) -> Program:
    """Raises: UnsupportedModelError, with the operator that there is not."""
    program = Program(graph, ROW_OPS)
    for node in graph.nodes:
        if node.op == "ml.TreeEnsemble":
            tables = ensembles[node.outputs[0]]
            held = ["" if table is None else program.constant(table) for table in tables.columns()]
            attrs = {"roots": tables.roots, "nan": tables.nan}
            program.append(program.prefix, TREES, [program.name(node.inputs[0]), *held], node.outputs, attrs)
            continue
        if node.op == "Cast" and _cuts(node, graph):
            program.append(program.prefix, node.op, [program.name(node.inputs[0])], node.outputs, {"to": "int64"})
            continue
        if node.op not in ROW_OPS:
            raise node.refuse("the row program does not have it")
        try:
            program.add(program.prefix, node)
        except NotInJavaScript as err:
            raise node.refuse(str(err)) from err
    return program


def _cuts(node: Node, graph: Graph) -> bool:
    """A Cast from reals to int64, which the browser's program has of known ones alone."""
    source, target = (graph.values[name].dtype for name in (node.inputs[0], node.outputs[0]))
    return source in REALS and target == "int64"


def _libm(graph: Graph) -> tuple[str, ...]:
    passed: set[str] = set()
    for node in graph.nodes:
        if is_libm(node, graph) or passed.intersection(node.inputs):
            passed.update(node.outputs)
    return tuple(name for name in graph.outputs if name in passed and graph.values[name].dtype in REALS)
