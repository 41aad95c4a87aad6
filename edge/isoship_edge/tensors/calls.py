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
        #: Shapes that the contract accepts -> the calls of them that nobody runs now.
        self.spare: dict[Shapes, list[KeptCall]] = {}

    def opened(self, shapes: Shapes) -> list[KeptCall]:
        """The place in `spare` of shapes that the contract accepts. Whoever took a call out of it puts it back, once
        nobody reads its memory any more."""
        if shapes not in self.spare and len(self.spare) >= MOST_SHAPES:
            self.spare.clear()
        return self.spare.setdefault(shapes, [])

    def taken(self, free: list[KeptCall], shapes: Shapes) -> KeptCall | None:
        """A call out of a place, or a new one. None where nothing can be kept."""
        try:
            return free.pop()
        except IndexError:
            pass
        if not self._kept:
            return None
        named = [(spec.name, spec.dtype, shape) for spec, shape in zip(self._inputs, shapes, strict=True)]
        return self._session.keep_call(named, self._outputs)

    def close(self) -> None:
        self.spare.clear()
