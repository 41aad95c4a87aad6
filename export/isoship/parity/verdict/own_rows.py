"""The sample's own rows, held against what ships, at export.

Rows of a check are made from the graph and the contract. A contract that is narrower than the model therefore makes no
row that shows it. The sample's rows come from neither: the contract must take each row that the model answers, and
model.onnx must answer it as the model does (each row up to 10,000, and as many out of more, evenly spread).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import InputError, SampleError, UnsupportedModelError
from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.onnxruntime import OnnxRuntimeRunner
from isoship.parity.verdict.compare import compare, difference
from isoship.rows.reference import ask
from isoship.sources.contract import Answers, Jumps, Row
from isoship_edge.encoding.decode import decode_columns
from isoship_edge.manifest import Signature

if TYPE_CHECKING:
    from isoship.sources.contract import Source
    from isoship.sources.sklearn.truth.own_rows import OwnRows

Outputs = dict[str, np.ndarray[Any, Any]]

#: So many rows are answered, by the model and by model.onnx; the contract sees all.
_ANSWERED = 10_000
#: Rows and values in memory at a time.
_PART, _MOST_VALUES = 5_000, 1_000_000
#: So many rows that the contract refuses are put to the model.
_REFUSED = 1_000
#: So many rows that differ are looked at, and so many are told; the first says what is wrong.
_LOOKED_AT, _SHOWN = 1_000, 50


def differing_rows(shipped: Shipped, source: Source, say: Callable[[str], None]) -> list[Row]:
    """Rows of the sample that model.onnx answers otherwise than the model, behind the bundle's contract; at most 50.

    Rows that both refuse are counted and told.

    Raises:
        UnsupportedModelError: the contract refuses a row that the model answers, or the other way about.
        SampleError: the model answers the sample as it came otherwise than the same rows as plain values.
    """
    own = getattr(source, "own", None)
    if own is None or not len(own):
        return []
    say(f"holding {len(own)} rows of the sample against the input contract and model.onnx")
    trial = _Trial(shipped, source, own)
    part = max(1, min(_PART, _MOST_VALUES // max(1, len(shipped.manifest.signature.columns))))
    refused: set[int] = set()
    for start in range(0, len(own), part):
        refused |= trial.refused(range(start, min(start + part, len(own))))
    spread = np.unique(np.linspace(0, len(own) - 1, min(len(own), _ANSWERED)).astype(int)).tolist()
    accepted = [place for place in spread if place not in refused]
    for start in range(0, len(accepted), part):
        differing = trial.differing(accepted[start : start + part])
        if differing:
            return differing
    if refused:
        say(f"{len(refused)} of {len(own)} rows of the sample are refused by the model, and by what ships")
    if len(spread) < len(own):
        say(
            f"the input contract takes every row of the sample that the model answers; answers were compared on"
            f" {len(spread)} of {len(own)} rows, evenly spread (isoship check --sample FILE --rows max asks all)"
        )
    return []


class _Trial:
    def __init__(self, shipped: Shipped, source: Source, own: OwnRows) -> None:
        self.own, self.source, self.manifest = own, source, shipped.manifest
        self.runner = OnnxRuntimeRunner()
        self.runner.prepare(shipped)

    def refused(self, places: range) -> set[int]:
        """Those that the contract refuses, and that the model refuses, too."""
        signature = self.manifest.signature
        columns = self.own.columns(places)
        try:
            decode_columns(columns, signature, len(places))
        except InputError:
            refusals = _refusals(columns, signature, places)
        else:
            return set()
        answered = self._answered(list(refusals)[:_REFUSED])
        if answered:
            err = refusals[answered[0]]
            raise UnsupportedModelError(
                f"{self.source.estimator}, column {err.column!r},",
                f"the model answers row {answered[0]} of the sample, and the input contract found for it (one range or"
                f" one list of values a column) expects {err.expected} there and got {err.seen}",
                "Do the step that changes this column before the model, or let its encoder take what it does not know"
                " (handle_unknown), and train again",
            )
        return set(refusals)

    def differing(self, places: list[int]) -> list[Row]:
        """Rows that model.onnx answers otherwise; some of them."""
        rows = self.own.rows(places)
        got = self.runner.infer(rows)
        try:
            came = self.source.answers(rows).outputs if self.own.narrow else self.own.answers(places)
        except InputError as err:
            raise self._refused_by_model(places) from err
        wrong = np.flatnonzero(self._unequal(came, got))[:_LOOKED_AT].tolist()
        if not wrong:
            return []
        # margins cost more than answers: they are asked for where answers differ
        rows, got = [rows[i] for i in wrong], {name: array[wrong] for name, array in got.items()}
        truth = self.source.answers(rows)
        if not self._agree(truth, got):
            return rows[:_SHOWN]
        as_came = Answers({n: a[wrong] for n, a in came.items()}, truth.margin, truth.value_margin)
        if truth.jumps is not None:
            self._refuse_jumps(truth, as_came, got, truth.jumps)
        if not self._agree(as_came, got):
            raise SampleError(
                f"the model answers row {places[wrong[0]]} of the sample otherwise once its values are plain (numbers,"
                " strings, booleans, missing): a column's dtype, or its mark of missing values (None, NaN, pandas.NA),"
                " carries more than that. Convert such columns to plain types with one mark, and train again"
            )
        return []

    def _refuse_jumps(self, truth: Answers, as_came: Answers, got: Outputs, jumps: Jumps) -> None:
        """Rows on a jump are ties where a check made them up, and not where people have them.

        Raises:
            UnsupportedModelError: model.onnx answers one otherwise.
        """
        for given in (truth, as_came):
            firm = Answers(given.outputs, jumps.margin, jumps.value_margin)
            if self._agree(firm, got):
                continue
            for i in range(len(truth.margin)):
                if not self._agree(firm.at([i]), {name: array[[i]] for name, array in got.items()}):
                    raise jumps.refusal(i)

    def _unequal(self, want: Outputs, got: Outputs) -> np.ndarray[Any, Any]:
        """bool [N]: rows with another label or a number beyond its tolerance."""
        unequal = np.zeros(len(next(iter(got.values()))), dtype=bool)
        for output in self.manifest.outputs:
            a, b = want[output.name], got[output.name]
            if a.shape != b.shape:
                return np.ones(len(unequal), dtype=bool)
            if a.dtype.kind == "f":
                t = self.manifest.tolerances[output.name]["double"]
                wrong = difference(a, b) > t.atol + t.rtol * np.where(np.isfinite(a), np.abs(a), 0.0)
            else:
                wrong = np.asarray(a != b)
            unequal |= wrong.reshape(len(unequal), -1).any(axis=1)
        return unequal

    def _agree(self, reference: Answers, got: Outputs) -> bool:
        tolerances = {name: each["double"] for name, each in self.manifest.tolerances.items()}
        kinds = ["sample"] * len(reference.margin)
        return compare(reference, got, self.manifest.outputs, tolerances, kinds=kinds, precision="double").agrees

    def _answered(self, places: list[int]) -> list[int]:
        """Those of these rows that the model answers, as they came."""
        try:
            return [places[i] for i in ask(self._indexed(places), [{"": i} for i in range(len(places))]).kept]
        except InputError:
            return []

    def _refused_by_model(self, places: list[int]) -> UnsupportedModelError:
        """Why the contract, which accepts all of these rows, is not the model's."""
        kept = self._answered(places)
        place = next((place for place in places if place not in kept), places[0])
        column, why = self._guilty(*self.own.rows([place, *kept[:1]]))
        return UnsupportedModelError(
            f"{self.source.estimator}, column {column!r}," if column else self.source.estimator,
            f"the model refuses row {place} of the sample ({why}), and no input contract (one range or one list of"
            " values a column) says so",
            "Clip or encode the column before the model and train again, or leave such rows out of the sample where"
            " none like them will be asked",
        )

    def _guilty(self, row: Row, answered: Row | None = None) -> tuple[str, str]:
        """The column for which the model refuses a row, if one alone is at fault, and its words."""
        try:
            self.source.answers([row])
        except InputError as err:
            why = str(err)
        else:
            return "", "in the form in which it came, and not as plain values"
        for name, value in (answered or {}).items():
            try:
                self.source.answers([{**row, name: value}])
            except InputError:
                continue
            return name, why
        return "", why

    def _indexed(self, places: Sequence[int]) -> Callable[[list[Row]], Answers]:
        def answer(rows: list[Row]) -> Answers:
            outputs = self.own.answers([places[row[""]] for row in rows])
            return Answers(outputs, np.full(len(rows), np.inf))

        return answer


def _refusals(columns: dict[str, list[Any]], signature: Signature, places: range) -> dict[int, InputError]:
    """Which rows the contract refuses, and why: row of the sample -> refusal."""
    found: dict[int, InputError] = {}
    for place, values in zip(places, zip(*columns.values(), strict=True), strict=True):
        try:
            decode_columns(dict(zip(columns, ([value] for value in values), strict=True)), signature, 1)
        except InputError as err:
            found[place] = err
    return found
