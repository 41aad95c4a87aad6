"""Where a model holds estimators of a library that answers in float32: how near such answers can be met."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from isoship.sources.sklearn.truth.answers import last_step
from isoship_edge.manifest import Output, Tolerance

_CONTINUED = Tolerance(
    1e-6, 2.0**-20, "scikit-learn goes on in float32 with what XGBoost answers: sums and products of 24 bits"
)


def double_tolerances(model: Any, outputs: Sequence[Output]) -> dict[str, Tolerance]:
    """Output name -> what double precision cannot do better than, with its reason; empty for most models."""
    held = list(parts(model, set()))
    needed = [t for t in map(_of_one, held) if t is not None]
    if any(type(part).__name__ == "Booster" for part in held) and not hasattr(last_step(model), "get_booster"):
        needed.append(_CONTINUED)
    if not needed:
        return {}
    widest = max(needed, key=lambda t: t.rtol)
    return {output.name: widest for output in outputs if output.kind != "label"}


def parts(thing: Any, seen: set[int]) -> Iterator[Any]:
    """A fitted model and every estimator that it holds."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, (list, tuple)):
        for each in thing:
            yield from parts(each, seen)
    elif isinstance(thing, dict):
        for each in thing.values():
            yield from parts(each, seen)
    elif hasattr(thing, "get_params") or type(thing).__module__.startswith(("sklearn.", "xgboost.")):
        yield thing
        # no list of them: the next one could get the id of this one, and would count as seen
        for each in getattr(thing, "__dict__", {}).values():
            yield from parts(each, seen)


def _of_one(part: Any) -> Tolerance | None:
    if type(part).__module__.split(".")[0] != "xgboost":
        return None
    from isoship.sources.xgboost.tolerances import double_tolerance

    return double_tolerance(part)
