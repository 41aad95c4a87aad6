"""The names of a DataFrame's columns, or the keys of a dict, as the text that a signature holds.

They need not be text: `pd.DataFrame(array)` numbers its columns, a pivot has dates or tuples. The libraries write them
as `str` does, XGBoost the parts of a tuple with a space between.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def spellings(name: Any) -> tuple[str, ...]:
    """The texts that a name may stand as in a signature, the usual one first."""
    if isinstance(name, str):
        return (name,)
    return (str(name), " ".join(map(str, name))) if isinstance(name, tuple) else (str(name),)


def signature_names(columns: Iterable[Any], names: Iterable[str]) -> list[str]:
    """Each column by the one of `names` that it is, else by its usual text."""
    wanted = set(names)
    return [next((text for text in spellings(name) if text in wanted), spellings(name)[0]) for name in columns]
