"""The bundle's HTTP API on Azure Functions: `lambda/` of the bundle lies beside this file."""

import os
import sys
from pathlib import Path

import azure.functions as func

BUNDLE = Path(os.environ.get("ISOSHIP_BUNDLE") or Path(__file__).parent / "lambda")
sys.path.insert(0, str(BUNDLE))
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

from isoship_lambda.app import create_app  # noqa: E402 - it comes with the bundle

app = func.AsgiFunctionApp(app=create_app(BUNDLE), http_auth_level=func.AuthLevel.FUNCTION)
