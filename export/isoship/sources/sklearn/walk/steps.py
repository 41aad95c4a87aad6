"""What the walk wrote for each estimator, by the names that a finished graph has for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isoship.sources.contract import GraphStep
from isoship.sources.sklearn.walk.frame import Frame

#: Where an estimator keeps (name, step) pairs; a ColumnTransformer's fitted ones are in `transformers_`.
_NAMED = {"steps": "steps", "transformers": "transformers_", "transformer_list": "transformer_list"}


@dataclass(frozen=True, eq=False)
class Carried:
    """An estimator in the graph. parts: the frames that its methods gave.

    path: where it is in the model, as error messages have it; names: the user's own for the steps on that path.
    nodes: the places of those that were written for it and for what is inside it.
    """

    path: str
    names: tuple[str, ...]
    estimator: Any
    parts: Mapping[str, Frame]
    nodes: range


def name_of(outer: Any, step: str) -> str:
    """The user's name for a step of a Pipeline, a table or a union, given as `steps[1]`; empty for anything else."""
    found = re.fullmatch(r"(\w+)\[(\d+)\]", step)
    pairs = getattr(outer, _NAMED[found[1]], None) if found and found[1] in _NAMED else None
    return "" if pairs is None or found is None else str(pairs[int(found[2])][0])


def graph_steps(
    steps: Sequence[Carried], written: Sequence[Any], names: Mapping[str, str], said: Sequence[str]
) -> list[GraphStep]:
    """The steps by the names of the finished graph.

    written: the nodes, as the walk wrote them. names: tensor -> what the finished graph calls it. said: the estimators.
    """
    return [
        GraphStep(
            step.path,
            step.names,
            step.estimator,
            text,
            {method: _columns(frame, names) for method, frame in step.parts.items()},
            frozenset(names[name] for i in step.nodes for name in written[i].output if name in names),
        )
        for step, text in zip(steps, said, strict=True)
    ]


def _columns(frame: Frame, names: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    """Each column's tensor and its place there."""
    return tuple((names.get(block.name, ""), i) for block in frame for i in range(block.width or 1))
