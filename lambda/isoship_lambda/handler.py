"""The Lambda entry point, `isoship_lambda.handler.handler`: API Gateway (HTTP and REST), function URLs, ALB.

Predictions go from the event straight to ONNX Runtime (`isoship_lambda.direct`); everything else goes through
`Mangum(app, lifespan="off")`, which is imported when it is first needed: FastAPI costs three times what all the rest
of a cold start does. ISOSHIP_DIRECT=0 sends predictions that way too. Where Lambda starts functions ahead of calls
(SnapStart, provisioned concurrency), all is imported and the model asked once before the first call.

The bundle lies beside this package, at the root of the zip, or where ISOSHIP_BUNDLE says. It is loaded when Lambda
imports this module, in the init phase.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

gc.disable()  # nothing that is imported from here on is garbage, and looking for some takes a quarter of the start

from isoship_edge.api import Limits  # noqa: E402
from isoship_edge.model import load  # noqa: E402
from isoship_lambda import direct  # noqa: E402

FOLDER = Path(os.environ.get("ISOSHIP_BUNDLE") or Path(__file__).resolve().parent.parent)
DIRECT = os.environ.get("ISOSHIP_DIRECT", "1") != "0"

model = load(FOLDER)
limits = Limits()
_mangum: Any = None


def handler(event: Any, context: Any) -> Any:
    """Answers one event. `isoship_lambda.direct.answer` says which it takes."""
    if DIRECT:
        answered = direct.answer(model, event, limits)
        if answered is not None:
            return answered
    return through_fastapi()(event, context)


def through_fastapi() -> Any:
    """`Mangum(app, lifespan="off")`, made on the first call."""
    global _mangum
    if _mangum is None:
        from mangum import Mangum
        from mangum.adapter import DEFAULT_TEXT_MIME_TYPES

        from isoship_lambda.app import create_app

        app = create_app(model, metrics=False, threads=False)
        # `lifespan="auto"` would run startup on every invocation; `+json` would be sent as base64.
        _mangum = Mangum(app, lifespan="off", text_mime_types=[*DEFAULT_TEXT_MIME_TYPES, "application/problem+json"])
    return _mangum


def prime() -> None:
    """Imports what a first call of any sort would import, and replays the golden rows: no call pays for it then.

    Raises:
        RuntimeError: this copy answers otherwise than the model did; a version that starts so never gets a call.
    """
    through_fastapi()
    result = model.selftest()
    if not result.ok:
        raise RuntimeError(f"the golden rows are answered otherwise here: {result.first_difference}")


if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") in ("snap-start", "provisioned-concurrency"):
    prime()
elif not DIRECT:
    through_fastapi()

gc.enable()
gc.freeze()
