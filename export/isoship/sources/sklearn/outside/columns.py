"""The columns that a step is given or gives, by name or by place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.outside.tensor import Fault, Tensor
from isoship.sources.sklearn.walk.frame import Block, Frame, matrix, split, take, width_of


class Columns:
    """Columns side by side, each in its own type.

    columns["age"], columns[0]           one column, a tensor [N, 1]
    columns[["age", "fare"]]             some of them, as columns
    columns.matrix()                     all of them, a tensor [N, F] of doubles
    columns.names, columns.dtypes, len(columns)

    names: None where the step is given an array. A dtype is double, float, int64, bool or string.
    """

    def __init__(self, g: GraphBuilder, frame: Frame, names: Sequence[str] | None, fault: Fault) -> None:
        self._g, self.frame, self._fault = g, frame, fault
        self.names = None if names is None else tuple(names)

    @property
    def dtypes(self) -> tuple[str, ...]:
        return tuple(block.dtype for block in self.frame for _ in range(block.width or 0))

    def __len__(self) -> int:
        return width_of(self.frame)

    def __iter__(self) -> Iterator[Tensor]:
        return (tensor_of(block) for block in split(self._g, self.frame))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            key = list(range(len(self))[key])
        if isinstance(key, (list, tuple)):
            places = [self._place(each) for each in key]
            names = None if self.names is None else [self.names[place] for place in places]
            return Columns(self._g, take(self._g, self.frame, places), names, self._fault)
        (block,) = take(self._g, self.frame, [self._place(key)])
        return tensor_of(block)

    def matrix(self, dtype: str = "double") -> Tensor:
        """All columns as one tensor [N, F] of this type."""
        if not len(self):
            raise self._fault("it asks for a matrix of no columns")
        try:
            return tensor_of(matrix(self._g, self.frame, dtype))
        except TypeError as err:
            raise self._fault(f"it asks for a matrix of {dtype}, and the columns are {self._told()}") from err

    def _place(self, key: Any) -> int:
        if isinstance(key, str):
            if self.names is None:
                raise self._fault(f"it asks for the column {key!r}, and is given an array: columns by place, from 0")
            if key not in self.names:
                raise self._fault(f"it asks for the column {key!r}; there are {self._told()}")
            return self.names.index(key)
        place = int(key)
        if not -len(self) <= place < len(self):
            raise self._fault(f"it asks for column {place} of {len(self)}")
        return place % len(self)

    def _told(self) -> str:
        names = self.names or tuple(map(str, range(len(self))))
        return ", ".join(f"{name} ({dtype})" for name, dtype in zip(names, self.dtypes, strict=True))


def tensor_of(block: Block) -> Tensor:
    return Tensor(block.name, block.dtype, ("N",) if block.width is None else ("N", block.width))
