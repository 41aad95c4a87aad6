"""Types of Arrow columns that hold nothing that a model takes, found before a row is looked at."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from isoship.engines.asked import refuse_type
from isoship_edge.manifest import Column

#: Object columns of pandas that Ray could not give an Arrow type: their values are looked at one by one.
_OBJECTS = "ray.data.arrow_pickled_object"


def check_types(schema: pa.Schema, columns: Iterable[Column]) -> None:
    """Raises:
    InputError: a column of the model's whose type it never takes.
    """
    for column in columns:
        at = schema.get_field_index(column.name)
        if at >= 0 and not takes(schema.field(at).type, column):
            raise refuse_type(column, str(schema.field(at).type))


def takes(kind: pa.DataType, column: Column) -> bool:
    """Whether a column may take values of a type."""
    if pa.types.is_dictionary(kind):
        return takes(kind.value_type, column)
    if pa.types.is_decimal(kind):
        return column.dtype != "string"
    if isinstance(kind, pa.BaseExtensionType):
        return bool(kind.extension_name == _OBJECTS)
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view()
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    return bool(is_text or is_number or pa.types.is_null(kind))
