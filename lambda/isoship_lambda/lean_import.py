"""FastAPI without the pydantic models of OpenAPI that it builds while it is imported: a sixth of its time.

`isoship_edge.http.openapi` writes the document, so none of them is ever used. pydantic builds a deferred model by
itself when it is first used, so nothing is lost where one is (pydantic documentation, "Model config", `defer_build`).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def import_fastapi() -> None:
    """Imports fastapi once; pydantic's settings are as they were afterwards."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # none travels, and looking reads every distribution
    from pydantic import BaseModel

    base: Any = BaseModel
    config, rebuild = base.model_config, base.__dict__["model_rebuild"]
    base.model_config = {**config, "defer_build": True}
    # fastapi.openapi.models asks for it without options, pydantic itself on first use with some.
    base.model_rebuild = classmethod(lambda cls, **options: rebuild.__func__(cls, **options) if options else None)
    try:
        import fastapi  # noqa: F401
    finally:
        base.model_config, base.model_rebuild = config, rebuild
