"""The Pythons that Lambda runs functions of ours on."""

from __future__ import annotations

import sys

LAMBDA_PYTHONS = ("3.12", "3.13", "3.14")


def default_lambda_python() -> str:
    """The exporting Python where Lambda offers it, else 3.13."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return running if running in LAMBDA_PYTHONS else "3.13"
