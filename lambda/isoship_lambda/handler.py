"""The Lambda entry point, `isoship_lambda.handler.handler`: API Gateway (HTTP and REST), function URLs, ALB.

The bundle lies beside this package, at the root of the zip, or where ISOSHIP_BUNDLE says. It is loaded when Lambda
imports this module, in the init phase.
"""

from __future__ import annotations

import os
from pathlib import Path

from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES

from isoship_lambda.app import create_app

FOLDER = Path(os.environ.get("ISOSHIP_BUNDLE") or Path(__file__).resolve().parent.parent)

app = create_app(FOLDER, metrics=False, threads=False)

# `lifespan="auto"` would run startup on every invocation; `+json` would be sent as base64.
handler = Mangum(app, lifespan="off", text_mime_types=[*DEFAULT_TEXT_MIME_TYPES, "application/problem+json"])
