"""The API description says of each column what the input contract says."""

from __future__ import annotations

from typing import Any

import pytest

from isoship_edge.http.openapi import column_schema
from isoship_edge.manifest import Column

WHOLE = 9007199254740992


@pytest.mark.parametrize(
    ("column", "schema"),
    [
        (Column("x", "double"), {"type": "number"}),
        (Column("x", "double", True, exclusive_minimum=0.0), {"type": ["number", "null"], "exclusiveMinimum": 0.0}),
        (Column("x", "double", minimum=0.0, exclusive_maximum=1.0),
         {"type": "number", "minimum": 0.0, "exclusiveMaximum": 1.0}),
        (Column("n", "int64", minimum=0), {"type": "integer", "minimum": 0, "maximum": WHOLE}),
        (Column("n", "int64", maximum=9), {"type": "integer", "minimum": -WHOLE, "maximum": 9}),
    ],
    ids=["all", "open", "half-open", "integers-from-0", "integers-to-9"],
)  # fmt: skip
def test_ends_of_a_range_are_json_schemas_own(column: Column, schema: dict[str, Any]) -> None:
    assert column_schema(column) == schema
