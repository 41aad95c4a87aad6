"""Kept calls by the shapes of their inputs: threads share them, and each call under way has one of its own."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Sequence

    from isoship_edge.inference.kept_call import KeptCall
    from isoship_edge.inference.session import Session
    from isoship_edge.tensors.signature import Input

    Shapes = tuple[tuple[int, ...], ...]

#: Shapes that are kept at a time. A client may send any: beyond these all are let go.
MOST_SHAPES = 16


class Calls:
    """Of one session. A signature with strings keeps none: they are made anew in each call."""

    def __init__(self, session: Session, inputs: Sequence[Input], outputs: tuple[str, ...]) -> None:
        self._session, self._inputs, self._outputs = session, inputs, outputs
        self._kept = all(spec.dtype != "string" for spec in inputs)
        self._spare: dict[Shapes, list[KeptCall]] = {}

    def spare(self, shapes: Shapes) -> KeptCall | None:
        """One that ran before with these shapes, which the contract accepts then."""
        try:
            return self._spare[shapes].pop()
        except (KeyError, IndexError):
            return None

    def made(self, shapes: Shapes) -> KeptCall | None:
        """One for shapes that the contract accepts. None where nothing can be kept."""
        if not self._kept:
            return None
        named = [(spec.name, spec.dtype, shape) for spec, shape in zip(self._inputs, shapes, strict=True)]
        return self._session.keep_call(named, self._outputs)

    def give_back(self, shapes: Shapes, call: KeptCall) -> None:
        """After its run, and once nobody reads its memory any more."""
        spare = self._spare
        if shapes not in spare and len(spare) >= MOST_SHAPES:
            spare.clear()
        spare.setdefault(shapes, []).append(call)

    def close(self) -> None:
        self._spare.clear()
