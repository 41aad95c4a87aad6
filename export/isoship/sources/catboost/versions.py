"""Which CatBoost trained a model, and which one is here: a model keeps the tag that its library was built from."""

from __future__ import annotations

import re
from typing import Any

_TAG = re.compile(r"tags/v(\d+(?:\.\d+)+)")


def newer_than_here(model: Any) -> tuple[str, str] | None:
    """Why a model that a newer CatBoost trained is refused, and what to do; None for others."""
    import catboost

    metadata = model.get_metadata()
    found = _TAG.search(metadata.get("catboost_version_info", ""))
    if found is None or _numbers(found[1]) <= _numbers(catboost.__version__):
        return None
    return (
        f"CatBoost {found[1]} trained it and this is {catboost.__version__}, which may not know all that it holds",
        f"Install the one that trained it, or a newer one: pip install 'catboost>={found[1]}'",
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
