"""What runs in Ray's worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from isoship.batch.model import OnError
from isoship.engines.worker import answered, loaded, typed
from isoship_edge.encoding.words import quoted
from isoship_edge.errors import InputError


def answer_block(
    block: pa.Table, *, digest: str, shipped: Any, added: list[tuple[str, str]], on_error: OnError
) -> Iterator[pa.Table]:
    """A block with the model's columns. shipped: a reference to the bundle's files."""
    import ray

    context = ray.get_runtime_context()
    model = loaded(digest, lambda: ray.get(shipped), Path(context.get_temp_dir()) / context.get_session_name())
    model.check_names(block.schema.names)
    twice = next((name for name, _ in added if name in block.schema.names), None)
    if twice is not None:
        raise InputError(
            f"a block has a column {quoted(twice)} that the dataset's schema lacks, and answers go there: rename it",
            column=twice,
        )
    yield from answered(model, block, typed(added), on_error, of=" of its block")
