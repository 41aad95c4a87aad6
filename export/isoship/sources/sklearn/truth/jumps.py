"""The places where a model's answer jumps at values whose last bits another step has rounded.

Logarithms, powers and sums have other last bits on another processor, under another release of numpy (whose own
vectorised logarithm is allowed 4 ulp), and in our graphs. Behind such a step, a row that lies on a threshold to the
last bit has no answer of its own. Columns that no such step has touched are exact, and rows on their thresholds
count.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from isoship.errors import UnsupportedModelError
from isoship.sources.sklearn.truth.last_bits import rounding_step
from isoship.sources.sklearn.walk.carrier import brief
from isoship.sources.sklearn.walk.inside import is_pipeline, members
from isoship.sources.sklearn.walk.registry import fact, record_of


class Jump(NamedTuple):
    """A fitted step that jumps. path: as in error messages; rounding: the steps whose last bits it is given."""

    path: str
    step: Any
    rounding: tuple[Any, ...]


def jumps_behind_rounding(model: Any) -> list[Jump]:
    """Every step with thresholds behind a step that rounds, through pipelines, tables and estimators of others."""
    found: list[Jump] = []
    _follow(model, "", (), found)
    return found


def _follow(model: Any, path: str, before: tuple[Any, ...], found: list[Jump]) -> tuple[Any, ...]:
    """The steps whose last bits what the estimator answers carries. before: those of what it is given."""
    if model is None or isinstance(model, str):
        return before
    prefix = f"{path} -> " if path else ""
    if is_pipeline(model):
        for i, (_, step) in enumerate(model.steps):
            before = _follow(step, f"{prefix}pipeline.steps[{i}]", before, found)
        return before
    inner = [member for member in members(model) if not member.prepares]
    if not inner:
        record = record_of(model)
        if before and fact(record.jumps, model):
            found.append(Jump(path, model, before))
        if record.settles:
            return ()
        return (*before, model) if rounding_step(model) else before
    after: tuple[Any, ...] = before if hasattr(model, "get_support") else ()
    for member in inner:
        given = before if member.columns is None or member.columns else ()
        if member.before:  # answers of the members before it
            given = each_once((*given, *after))
        inside = f"{prefix}{type(model).__name__.lower()}.{member.path}"
        answered = _follow(member.estimator, inside, given, found)
        after = after if hasattr(model, "get_support") else each_once((*after, *answered))
    return after


def each_once(steps: Iterable[Any]) -> tuple[Any, ...]:
    """Each of the steps, without its repeats."""
    return tuple({id(step): step for step in steps}.values())


def refused(jump: Jump) -> UnsupportedModelError:
    """Why rows that lie on a jump cannot be carried."""
    names = " and ".join(dict.fromkeys(map(_named, jump.rounding)))
    return UnsupportedModelError(
        f"{jump.path} -> {brief(jump.step)}" if jump.path else brief(jump.step),
        f"rows of the sample lie on a value at which its answer jumps, and the last bits of {names} before it differ"
        " between numpy and ONNX Runtime",
        "Put its threshold between two values that rows have, or compute what is before it outside of the pipeline and"
        " round it there (np.round(..., 12)), and train again",
    )


def _named(step: Any) -> str:
    function = getattr(getattr(step, "func", None), "__name__", "")
    return f"{type(step).__name__}({function})" if function else type(step).__name__
