"""How many bits of two runs of one row program differ, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.parity.verdict.ulps import ulp_distance
from isoship_edge.manifest import Output

_PRECISIONS = {"double": "double", "float": "float32"}


@dataclass(frozen=True)
class Bits:
    """Of one output on every row. values: how many. differ: of them, how many have other bits. ulp: the largest
    difference, in units of the last place of the number itself; scaled: of max(1, |number|), so that the ninth digit of
    a probability of 0.0001 counts as one of the score's. label: they are labels. libm: whether the manifest says that
    bits may differ."""

    output: str
    label: bool
    libm: bool
    values: int
    differ: int
    ulp: float
    scaled: float


def bits_of(output: Output, here: Any, there: Any, *, libm: bool) -> Bits:
    """here, there: arrays [N] or [N, K] of the same rows on two machines. NaN is one value, zeros are two."""
    if here.shape != there.shape or here.dtype != there.dtype:
        raise ValueError(f"{output.name}: {here.dtype} {here.shape} here, {there.dtype} {there.shape} there")
    if output.dtype not in _PRECISIONS:
        return Bits(output.name, output.kind == "label", libm, here.size, int((here != there).sum()), 0.0, 0.0)
    whole: Any = np.int64 if output.dtype == "double" else np.int32
    other = (here.view(whole) != there.view(whole)) & ~(np.isnan(here) & np.isnan(there))
    apart = ulp_distance(here, there, _PRECISIONS[output.dtype])
    unit = np.spacing(np.maximum(np.abs(here), 1))
    scaled = np.where(np.isfinite(here) & np.isfinite(there), np.abs(here - there) / unit, apart)
    return Bits(
        output.name, output.kind == "label", libm, here.size, int(other.sum()), float(apart.max(initial=0.0)),
        float(scaled.max(initial=0.0)),
    )  # fmt: skip


def all_bits(
    outputs: tuple[Output, ...], libm: tuple[str, ...], here: Mapping[str, Any], there: Mapping[str, Any]
) -> list[Bits]:
    """`bits_of` every output. libm: the manifest's `row_program.libm`."""
    return [bits_of(output, here[output.name], there[output.name], libm=output.name in libm) for output in outputs]
