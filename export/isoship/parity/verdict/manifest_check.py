"""The manifest's outputs, tolerances and input contract, held against what the model itself says.

Every runtime takes the order of the classes and the input contract from the manifest. All runtimes would agree on a
wrong one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from isoship.bundle.tolerances import tolerances_for
from isoship.sources.contract import Source
from isoship_edge.manifest import Column, Manifest, Output

if TYPE_CHECKING:
    import onnx

#: Beyond this an end of a column is where sums overflow, which depends on the other columns of the row it was found in.
_OVERFLOW = 1e300
_END = 1e-6


def manifest_differences(
    manifest: Manifest, source: Source, golden: Mapping[str, Any], graph: onnx.ModelProto | None = None
) -> list[str]:
    """A line for every difference; the source's signature was found by asking the model anew.

    golden: the answers in golden.json, output name -> nested lists; float32 tolerances are made from their size.
    graph: model.onnx, which tells exponentials.
    """
    theirs = {o.name: o for o in source.outputs}
    columns = {c.name: c for c in source.signature.columns}
    lines = [
        f"manifest.json says that {output.name} has the {what} {_shown(ours)}, and the model gives {_shown(own)}"
        for output in manifest.outputs
        if output.name in theirs
        for what, ours, own in _output_differences(output, theirs[output.name])
    ]
    lines += list(_loose(manifest, source, golden, graph))
    return lines + [
        f"manifest.json says that column {column.name!r} {what} {_shown(ours)}, and the model says {_shown(own)}"
        for column in manifest.signature.columns
        if column.name in columns
        for what, ours, own in _column_differences(column, columns[column.name])
    ]


def _output_differences(ours: Output, own: Output) -> Iterator[tuple[str, Any, Any]]:
    for name in ("kind", "dtype", "shape", "classes"):
        if getattr(ours, name) != getattr(own, name):
            yield name, getattr(ours, name), getattr(own, name)


def _loose(
    manifest: Manifest, source: Source, golden: Mapping[str, Any], graph: onnx.ModelProto | None
) -> Iterator[str]:
    """Tolerances beyond those that an export gives: a wide one would let anything pass."""
    due = tolerances_for(source.outputs, golden, source.double_tolerances, graph)
    for output, by_precision in manifest.tolerances.items():
        for precision, given in by_precision.items():
            own = due.get(output, {}).get(precision)
            if own is not None and (given.atol > own.atol * (1 + _END) or given.rtol > own.rtol * (1 + _END)):
                yield (
                    f"manifest.json allows {output} in {precision} an error of {given.atol:g} + {given.rtol:g} x"
                    f" |value|, and an export gives {own.atol:g} + {own.rtol:g} x |value|"
                )


def _column_differences(ours: Column, own: Column) -> Iterator[tuple[str, Any, Any]]:
    if ours.missing != own.missing:
        yield "takes missing values:", ours.missing, own.missing
    if ours.infinity != own.infinity:
        yield "takes infinities:", ours.infinity, own.infinity
    if _set(ours) != _set(own):
        yield "takes the categories", ours.categories, own.categories
    elif ours.categories is None:
        for what, end, other in (("lowest", ours.lowest, own.lowest), ("highest", ours.highest, own.highest)):
            if not _same_end(end, other):
                yield f"has the {what} value", end, other


def _set(column: Column) -> set[Any] | None:
    return None if column.categories is None else set(column.categories)


def _same_end(one: float, other: float) -> bool:
    one, other = (math.copysign(min(abs(end), _OVERFLOW), end) for end in (one, other))
    return abs(one - other) <= _END * max(abs(one), abs(other))


def _shown(value: Any) -> str:
    text = repr(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= 160 else text[:157] + "..."
