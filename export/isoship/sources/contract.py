"""What every source (a trained-model family) promises to the rest of isoship."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from isoship_edge.manifest import Output, Signature, Tolerance

if TYPE_CHECKING:
    import numpy as np
    import onnx

    from isoship.errors import UnsupportedModelError
    from isoship.sources.sklearn.truth.own_rows import OwnRows

#: A row as users write it: column name -> float, int, bool, str, or None for missing.
Row = dict[str, Any]


class Variant(dict[str, Any]):
    """A row of a table of hundreds of columns that differs from another in a few: it holds these, and `base` the rest.

    By key and by `get` it reads as the whole row does.
    """

    def __init__(self, base: Row, changes: Row) -> None:
        super().__init__(changes)
        self.base = base

    def __missing__(self, name: str) -> Any:
        return self.base[name]

    def get(self, name: str, default: Any = None) -> Any:
        return dict.get(self, name, self.base.get(name, default))


@dataclass(frozen=True)
class TrainingFrame:
    """How to rebuild, from rows, the object that the source model was trained on.

    container: "dataframe" or "ndarray". dtypes: one pandas dtype name a column ("float64", "int64", "str", "object",
    "category", "Int64", "boolean", ...; "float64" throughout for arrays). missing: what stands for a missing
    value in each column: "nan", "none" or "NA". categories: the categories of pandas categorical columns.
    """

    container: str
    dtypes: tuple[str, ...]
    missing: tuple[str, ...]
    categories: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Jumps:
    """Rows whose answer turns on the last bits of what a step inside the model computes.

    margin, value_margin: as `Answers` would have them without that. refusal: why the row of this number, which must
    be answered as the model does, cannot be.
    """

    margin: np.ndarray[Any, Any]
    value_margin: np.ndarray[Any, Any] | None
    refusal: Callable[[int], UnsupportedModelError]


@dataclass(frozen=True)
class Answers:
    """The source model's own answers on one batch.

    outputs: output name -> array, [N] or [N, K], float64, int64, bool or object (strings).
    margin: float64 [N], the gap between the two best scores (or |decision - threshold|) from which another label is
    a tie and not a flip; +inf where every other label is a flip or where there is no label.
    value_margin: float64 [N], how far each row is from where numbers jump (the last neighbour, a vote inside the
    model), 0 where they are rounding error of the source's own; +inf, as for None, where they are settled.
    jumps: where a jump behind rounded numbers has made margins 0.
    """

    outputs: dict[str, np.ndarray[Any, Any]]
    margin: np.ndarray[Any, Any]
    value_margin: np.ndarray[Any, Any] | None = None
    jumps: Jumps | None = None

    def unsettled(self, below: float) -> np.ndarray[Any, Any]:
        """bool [N]: rows whose numbers the source itself does not settle."""
        unsettled: np.ndarray[Any, Any] = (self.margin if self.value_margin is None else self.value_margin) <= below
        return unsettled if self.value_margin is not None else unsettled & False

    def at(self, rows: Sequence[int]) -> Answers:
        """The answers for some of the rows."""
        value_margin = None if self.value_margin is None else self.value_margin[rows]
        return Answers({name: array[rows] for name, array in self.outputs.items()}, self.margin[rows], value_margin)


@dataclass(frozen=True, eq=False)
class GraphStep:
    """An estimator inside the model, and what stands for it in the canonical graph.

    path: where it is, as error messages have it; empty for the model itself. names: the user's own for the steps on
    that path. said: the estimator on one line.
    columns: method -> for each column that it answers, the tensor and the column there; tensor "" where the graph has
    none. tensors: those that were written for it and for what is inside it.
    """

    path: str
    names: tuple[str, ...]
    estimator: Any
    said: str
    columns: Mapping[str, tuple[tuple[str, int], ...]]
    tensors: frozenset[str]


@dataclass(frozen=True, eq=False)
class Trace:
    """The canonical graph, made again, with its steps: what is inside an estimator before the estimator."""

    model: onnx.ModelProto
    steps: tuple[GraphStep, ...]


class Source(Protocol):
    """A trained model, read and understood, not yet converted."""

    library: str
    library_version: str
    estimator: str
    signature: Signature
    outputs: tuple[Output, ...]
    notes: tuple[str, ...]
    """Every guess made about columns and types, one printable line each."""
    double_tolerances: dict[str, Tolerance]
    """Outputs that double precision cannot bring within 1e-9 of the source, and why; the rest is held to 1e-9."""

    own: OwnRows | None
    """The sample as it came, where there is one."""

    label_names: np.ndarray[Any, Any] | None
    """Names that were given for the classes 0, 1, ..., and that labels are answered by; None for the model's own."""

    training_rows: tuple[str, ...]
    """The estimators inside that keep training rows or a vocabulary, which the graph then holds too."""

    def answers(self, rows: list[Row]) -> Answers:
        """The truth: the model on these rows as one batch, in the types it was trained on, with n_jobs=1.

        Raises:
            InputError: the source model refuses the batch (NaN, unseen category); the message is the model's own.
        """
        ...

    def refuses(self, rows: list[Row]) -> list[bool]:
        """For each row, asked by itself, whether the source model refuses it."""
        ...

    def to_onnx(self) -> onnx.ModelProto:
        """The canonical graph (docs/architecture.md).

        Raises:
            UnsupportedModelError: a step cannot be carried exactly.
        """
        ...
