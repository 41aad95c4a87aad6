"""An image's function as its entrypoint starts it outside Lambda, on a Python of this machine.

/lambda-entrypoint.sh of AWS's base image: AWS's Runtime Interface Emulator, here sam's own copy of it, and in it
`python -m awslambdaric <command>`. Standard library alone: ministack's Python runs this too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from runtime_emulator import RuntimeEmulator


class Base(NamedTuple):
    """What the base image brings. client: awslambdaric's folder. boto3: where boto3 lies, among other packages."""

    interpreter: Path
    client: Path
    boto3: Path


class Container(RuntimeEmulator):
    """task: what lies at /var/task.

    boto3 is on the path of a hook alone, since what lies beside it here could stand in for what the image forgot.
    """

    def __init__(
        self, base: Base, task: Path, command: Sequence[str], aside: Path, environment: Mapping[str, str]
    ) -> None:
        (handler,) = command
        path = [task, base.client, *([base.boto3] if ".hook." in handler else [])]
        given = {
            "AWS_LAMBDA_FUNCTION_NAME": "image", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": "us-east-1", "LANG": "en_US.UTF-8", "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1",
            **environment, "LAMBDA_TASK_ROOT": str(task), "PYTHONPATH": os.pathsep.join(map(str, path)),
        }  # fmt: skip
        super().__init__(base.interpreter, handler, task, aside, given)
