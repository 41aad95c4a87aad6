"""The registry of lowerings: what carries one ONNX operator into TF.js, and what is promised of it.

    @lowering("Gelu", since=20, emits=("Erf", "Mul", "AddV2"), exactness="erf is within 1.5e-7")
    def gelu(e: Emission, node: Node) -> Tensor: ...

`emits` are the TF.js operators that a lowering writes (constants, casts and changes of shape apart): `Emission.lower`
holds each lowering to what it says. A lowering that cannot carry a node as it is raises `CannotLower`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isoship.tfjs.network.emission import Emission
    from isoship.tfjs.network.reading import Node

BACKENDS = ("cpu", "wasm", "webgl", "webgpu")

#: The same number as ONNX's own, bit for bit where the backend's arithmetic is IEEE's.
EXACT = "exact"
#: The same formula in float32; sums in another order.
ROUNDED = "float32, added in an order of its own"

Made = "Tensor | Last | tuple[Tensor | Last, ...]"
Function = Callable[["Emission", "Node"], Any]


class CannotLower(Exception):
    """This node, as it is, has no form in TF.js that is right. The message is the reason."""


@dataclass(frozen=True)
class Lowering:
    """since, until: the versions of the operator that it carries, both included."""

    domain: str
    op: str
    since: int
    until: int
    emits: frozenset[str]
    exactness: str
    backends: tuple[str, ...]
    function: Function


_LOWERINGS: dict[tuple[str, str], list[Lowering]] = {}


def lowering(
    *ops: str,
    emits: Sequence[str],
    domain: str = "",
    since: int = 1,
    until: int = 10**6,
    exactness: str = EXACT,
    backends: tuple[str, ...] = BACKENDS,
) -> Callable[[Function], Function]:
    """Registers a lowering under ONNX's operator names. Two for one version raise ValueError."""

    def register(function: Function) -> Function:
        for op in ops:
            made = Lowering(domain, op, since, until, frozenset(emits), exactness, backends, function)
            others = _LOWERINGS.setdefault((domain, op), [])
            if any(made.since <= other.until and other.since <= made.until for other in others):
                raise ValueError(f"two lowerings for {op}")
            others.append(made)
        return function

    return register


def lowering_of(domain: str, op: str, version: int) -> Lowering | None:
    """What carries an operator of a version of its domain."""
    from isoship.tfjs.network import lowerings

    lowerings.load()
    domain = "" if domain == "ai.onnx" else domain
    return next((each for each in _LOWERINGS.get((domain, op), ()) if each.since <= version <= each.until), None)


def every_lowering() -> Mapping[tuple[str, str], Sequence[Lowering]]:
    """All of them by (domain, operator)."""
    from isoship.tfjs.network import lowerings

    lowerings.load()
    return _LOWERINGS
