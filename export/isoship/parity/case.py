"""What a check shows to every runtime: rows with the reference's answers, at the best level of evidence there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship.parity.runners.contract import Shipped
from isoship.parity.verdict.evidence import Evidence, Golden, graph_answers, proven_graph
from isoship.parity.verdict.step import Steps
from isoship.rows.columns import rows_from_sample
from isoship.rows.cover import covering, labels_of
from isoship.rows.for_check import RowSet, nodes_for, rows_for_check
from isoship.rows.golden import spread_refusals
from isoship.rows.labels import labels_by_graph
from isoship.rows.paths import tree_nodes
from isoship.rows.profile import ColumnProfile, widened_to_sample
from isoship.rows.reference import Answer, ask
from isoship.rows.refusals import Refused, refused_rows
from isoship.rows.structure import column_profiles
from isoship.rows.values import typical_row
from isoship.sources.contract import Answers, Row, Source

Progress = Callable[[str], None]

_MOST_REFUSED = 60
#: Rows that stand for all where graphics are computed in software. 104 cover a forest of 100 trees on 13 columns, and
#: 500 take no longer: compiling shaders does.
_COVERING = 256


@dataclass(frozen=True, eq=False)
class Question:
    """What a case is made of.

    shipped, golden: the bundle and its golden rows. source: the model; where it is None, why_not says why. own: rows of
    the user's sample. budget, seed, outside: of `rows_for_check`. atol, rtol: instead of the manifest's tolerances.
    """

    shipped: Shipped
    golden: Golden
    source: Source | None
    why_not: str = ""
    own: list[Row] = field(default_factory=list)
    budget: int | str | None = None
    seed: int = 0
    outside: bool = False
    atol: float | None = None
    rtol: float | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """What every runtime is shown: rows with a kind each, the reference's answers, and rows that must be refused.

    large_batch: more rows than a runtime computes in one call are asked at once, too. cover: the places of rows that
    stand for all of them, but for far ones, where a runtime takes long over each call; None where all are asked of
    every runtime. answer: the reference, to be asked again about a disagreement, steps: those of the model, for the
    same; typical: a row in the middle of everything. evidence: what the reference is.
    notes: what a reader of the report should know of it.
    """

    rows: list[Row]
    kinds: list[str]
    reference: Answers
    refused: Sequence[Refused]
    atol: float | None = None
    rtol: float | None = None
    large_batch: bool = False
    cover: Callable[[], frozenset[int]] | None = None
    answer: Answer | None = None
    steps: Steps | None = None
    typical: Row | None = None
    evidence: Evidence = "golden"
    notes: tuple[str, ...] = ()


def case_for(question: Question, say: Progress) -> Case:
    """Golden rows and fresh ones, answered by the source model or by a proven graph; else golden rows alone."""
    shipped, golden, source, own = question.shipped, question.golden, question.source, question.own
    atol, rtol = question.atol, question.rtol
    if source is None and not proven_graph(shipped):
        say(f"golden rows only: {question.why_not}")
        note = f"only the {len(golden.rows)} golden rows were asked: {question.why_not}"
        return Case(golden.rows, golden.kinds, golden.answers, golden.refused, atol, rtol, notes=(note,))
    import onnx  # golden rows alone do without

    answer: Answer = source.answers if source is not None else graph_answers(shipped)
    say("making rows from the model's own thresholds and categories")
    path, signature = shipped.folder / "model.onnx", shipped.manifest.signature
    model = onnx.load(path)
    profiles = column_profiles(model, signature)
    made = rows_for_check(
        widened_to_sample(profiles, own) if own else profiles,
        seed=question.seed,
        budget=question.budget,
        sample=own,
        predict=labels_by_graph(str(path), signature, shipped.manifest.outputs),
        nodes=tree_nodes(model, signature, profiles, most=nodes_for(question.budget), seed=question.seed),
        outside=question.outside,
    )
    reference = ask(answer, made.rows)
    notes: tuple[str, ...] = () if source is not None else (f"the source model was not asked: {question.why_not}",)
    notes += _refused_samples(answer, made, reference.refused)
    say(f"{len(reference.kept)} rows answered by {'the source model' if source is not None else 'model.onnx'}")
    refused = spread_refusals(refused_rows(profiles), _MOST_REFUSED)
    rows = golden.rows + [made.rows[i] for i in reference.kept]
    kinds = golden.kinds + [made.kinds[i] for i in reference.kept]
    joined = _joined(golden.answers, reference.answers)

    @cache
    def cover() -> frozenset[int]:
        return _cover(RowSet(rows, kinds), joined, profiles)

    return Case(
        rows=rows,
        kinds=kinds,
        reference=joined,
        refused=[*refused, *(_as_refused(answer, made.rows[i], made.kinds[i]) for i in reference.refused[:10])],
        atol=atol,
        rtol=rtol,
        cover=None if question.budget == "max" else cover,
        answer=answer,
        steps=Steps(source, shipped),
        typical=typical_row(profiles),
        evidence="graph" if source is None else "source",
        notes=notes,
    )


def _cover(asked: RowSet, reference: Answers, profiles: Mapping[str, ColumnProfile]) -> frozenset[int]:
    """Places of rows as golden ones are chosen; far ones, which float32 is not asked, are none of them."""
    near = [i for i, kind in enumerate(asked.kinds) if kind != "far"]
    labels = labels_of(reference.outputs)
    pool = RowSet([asked.rows[i] for i in near], [asked.kinds[i] for i in near])
    chosen = covering(pool, None if labels is None else labels[near], profiles, most=_COVERING, least=_COVERING)
    return frozenset(near[i] for i in chosen)


def sample_rows(sample: Any, shipped: Shipped) -> list[Row]:
    """The rows of the user's sample, none where there is no sample.

    Raises:
        InputError: it holds none.
    """
    if sample is None:
        return []
    found = rows_from_sample(sample, shipped.manifest.signature)
    if not found:
        raise InputError("the sample holds no rows")
    return found


def _refused_samples(answer: Answer, made: RowSet, refused: Sequence[int]) -> tuple[str, ...]:
    """A note on rows of the sample that the model itself refuses."""
    own = [i for i in refused if made.kinds[i] == "sample"]
    if not own:
        return ()
    rows = "1 row of the sample is" if len(own) == 1 else f"{len(own)} rows of the sample are"
    try:
        answer([made.rows[own[0]]])
        where = ""
    except InputError as err:  # its message would show the value
        where = f" for column {err.column!r}" if err.column else ""
    return (f"{rows} refused by the model, and must be by every runtime; the first one{where}",)


def _as_refused(answer: Answer, row: Row, kind: str) -> Refused:
    """A row that the model refuses though the contract allows it; why, in the model's words unless they would show a
    value of the sample."""
    try:
        answer([row])
    except InputError as err:
        return Refused(row, "", "a row of the sample that the model refuses" if kind == "sample" else str(err))
    return Refused(row, "", "refused in the batch, and answered alone")


def _joined(first: Answers, second: Answers) -> Answers:
    return Answers(
        {name: np.concatenate([array, second.outputs[name]]) for name, array in first.outputs.items()},
        np.concatenate([first.margin, second.margin]),
        np.concatenate([_value_margin(first), _value_margin(second)]),
    )


def _value_margin(answers: Answers) -> Any:
    return np.full(len(answers.margin), np.inf) if answers.value_margin is None else answers.value_margin
