"""LightGBM's models in a .skops file: their text is checked where LightGBM is about to read it.

A Booster's state is the text of its own file (`files.py`), which LightGBM's C++ trusts. The document of a .skops file
can say one thing and lead to another (its nodes may refer to each other), so the text is checked at the last moment and
not in the document.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from isoship.sources.lightgbm.links import read_objective
from isoship.sources.lightgbm.model_text import ModelTextError, parse

#: What MLflow trusts in such files, too.
TRUSTED = frozenset(
    {
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        *(f"lightgbm.sklearn.{name}" for name in ("LGBMClassifier", "LGBMModel", "LGBMRanker", "LGBMRegressor")),
    }
)


def is_here() -> bool:
    return find_spec("lightgbm") is not None


@contextmanager
def boosters_checked() -> Iterator[None]:
    """A block in which a Booster's state is checked before LightGBM reads it.

    Raises:
        ValueError: in the block, where the state is no model that LightGBM wrote.
    """
    from lightgbm import Booster

    original = Booster.__setstate__

    def checked(self: Any, state: dict[str, Any]) -> None:
        text = state.get("_handle", state.get("handle"))
        if type(text) is not str:
            raise ModelTextError("a LightGBM model in it holds no text")
        read_objective(parse(text).objective)
        original(self, state)

    Booster.__setstate__ = checked  # type: ignore[method-assign,unused-ignore]
    try:
        yield
    finally:
        Booster.__setstate__ = original  # type: ignore[method-assign,unused-ignore]
