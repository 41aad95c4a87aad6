"""`--dtype COLUMN=TYPE`, and the pandas dtype of each type of a signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isoship.errors import SampleError
from isoship_edge.manifest import DTYPES

PANDAS = {"double": "float64", "int64": "int64", "bool": "bool", "string": "str"}


def parse_dtypes(pairs: Sequence[str] | Mapping[str, str] | None) -> dict[str, str]:
    """`["zip=string", "age=double"]` (or the dict itself) as a checked dict.

    Raises:
        SampleError: not of the form `column=type`, or an unknown type.
    """
    if pairs is None:
        return {}
    if isinstance(pairs, str):
        pairs = [pairs]
    if isinstance(pairs, Mapping):
        items = list(pairs.items())
    else:
        items = [(column, dtype) for column, _, dtype in (pair.rpartition("=") for pair in pairs)]
    for column, dtype in items:
        if not column or dtype not in DTYPES:
            raise SampleError(f"--dtype {column}={dtype}: write COLUMN=TYPE, with TYPE one of {', '.join(DTYPES)}")
    return dict(items)
