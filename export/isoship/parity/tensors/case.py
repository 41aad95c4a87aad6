"""What a check of a tensor bundle shows to every runtime: calls with the reference's answers, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import InputError
from isoship.parity.runners.contract import Shipped
from isoship.parity.tensors.batching import pairs
from isoship.parity.tensors.call import Answer, Call
from isoship.parity.tensors.evidence import Golden, graph_answers
from isoship.parity.tensors.refusals import Refusal, faults
from isoship.parity.verdict.evidence import Evidence, proven_graph
from isoship.tensors.contract import Arrays, Ask, TensorSource, sizes_known
from isoship_edge.manifest import Tolerance

if TYPE_CHECKING:
    import onnx

Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class TensorQuestion:
    """What a case is made of. source: the model; where it is None, why_not says why. samples: calls of the user.
    budget, seed: of `asks_for`. atol, rtol: instead of the manifest's tolerances. deep: pairs, repetitions and
    several clients are asked for, too."""

    shipped: Shipped
    golden: Golden
    source: TensorSource | None
    why_not: str = ""
    samples: Sequence[Arrays] = ()
    budget: int | str | None = None
    seed: int = 1
    atol: float | None = None
    rtol: float | None = None
    deep: bool = False


@dataclass(frozen=True, eq=False)
class TensorCase:
    """calls: golden ones, fresh ones, pairs. source, converted: the model, and the graph that it converts to today."""

    calls: list[Call]
    refused: Sequence[Refusal]
    atol: float | None = None
    rtol: float | None = None
    deep: bool = False
    source: TensorSource | None = None
    converted: onnx.ModelProto | None = None
    evidence: Evidence = "golden"
    notes: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """Calls of each kind."""
        kinds = [call.kind for call in self.calls]
        return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}


def case_for(question: TensorQuestion, say: Progress) -> TensorCase:
    """Golden calls and fresh ones, answered by the source model or by a proven graph; else golden calls alone."""
    shipped, golden, source = question.shipped, question.golden, question.source
    signature = shipped.manifest.signature
    refused = [*golden.refused, *faults(signature, golden.calls[0].inputs)] if golden.calls else list(golden.refused)
    given: dict[str, Any] = {"atol": question.atol, "rtol": question.rtol, "deep": question.deep}
    if golden.damaged:
        return TensorCase([], [], **given, notes=(f"nothing was asked: {golden.damaged}",))
    if source is None and not proven_graph(shipped):
        say(f"golden calls only: {question.why_not}")
        note = f"only the {len(golden.calls)} golden calls were asked: {question.why_not}"
        return TensorCase(golden.calls, refused, **given, notes=(note,))
    from isoship.tensors.asks import asks_for
    from isoship.tensors.tolerances import only

    say("making calls from what the graph says of its inputs")
    answer: Answer = source.answers if source is not None else graph_answers(shipped)
    exact = source is None or source.library == "onnx"
    converted = source.to_onnx() if source is not None and question.deep else None
    asks = asks_for(
        converted or _graph(shipped),
        signature,
        samples=question.samples,
        found=None if source is None else sizes_known(source),
        seed=question.seed,
        budget=_budget(question.budget),
    )
    settled = [ask for ask in asks if _settled(ask, only(shipped.manifest.tolerances))]
    fresh, refusals = _answered(answer, settled, exact)
    notes: tuple[str, ...] = () if source is not None else (f"the source model was not asked: {question.why_not}",)
    if len(settled) < len(asks):
        calls = (
            "1 call that was made was" if len(settled) == len(asks) - 1 else f"{len(asks) - len(settled)} calls were"
        )
        notes += (f"{calls} not asked: rounding alone moves an answer by more than half of its tolerance",)
    if question.deep:
        joined, more = _answered(answer, pairs(signature, [*golden.calls, *fresh]), exact)
        fresh, refusals = fresh + joined, refusals + more
    if refusals:
        calls = "1 call is" if len(refusals) == 1 else f"{len(refusals)} calls are"
        notes += (
            f"{calls} refused by the model, and must be by every runtime; the first is of kind {refusals[0].why}",
        )
    say(f"{len(fresh)} calls answered by {'the source model' if source is not None else 'model.onnx'}")
    return TensorCase(
        calls=[*golden.calls, *fresh],
        refused=[*refused, *refusals[:10]],
        **given,
        source=source,
        converted=converted,
        evidence="graph" if source is None else "source",
        notes=notes,
    )


def _answered(answer: Answer, asks: Sequence[Ask], exact: bool) -> tuple[list[Call], list[Refusal]]:
    calls: list[Call] = []
    refused: list[Refusal] = []
    for ask in asks:
        try:
            calls.append(Call(ask.kind, ask.inputs, answer(ask.inputs), exact))
        except InputError:
            refused.append(Refusal(ask.inputs, "", ask.kind, by_model=True))
    return calls, refused


def _settled(ask: Ask, tolerances: Mapping[str, Tolerance]) -> bool:
    """Whether one evaluation in float32 leaves half of the tolerance to another runtime's. The user's own are asked."""
    return ask.kind == "sample" or all(
        2.0 * off <= held.atol + held.rtol * float(np.abs((ask.exact or {}).get(name, np.zeros(1))).max(initial=0.0))
        for name, off in ask.off.items()
        for held in [tolerances[name]]
    )


def _graph(shipped: Shipped) -> onnx.ModelProto:
    import onnx

    return onnx.load(shipped.folder / "model.onnx")


def _budget(rows: int | str | None) -> int | None:
    """`--rows max` asks for more than anyone waits for on the way."""
    return 10_000 if rows == "max" else None if rows is None else int(rows)
