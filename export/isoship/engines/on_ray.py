"""What runs in Ray's worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from isoship.batch.model import OnError
from isoship.engines.worker import answered, loaded


def answer_block(
    block: pa.Table, *, digest: str, shipped: Any, added: list[pa.Field], on_error: OnError
) -> Iterator[pa.Table]:
    """A block with the model's columns. shipped: a reference to the bundle's files."""
    import ray

    context = ray.get_runtime_context()
    model = loaded(digest, lambda: ray.get(shipped), Path(context.get_temp_dir()) / context.get_session_name())
    model.check_names(block.schema.names)
    yield from answered(model, block, added, on_error, of=" of its block")
