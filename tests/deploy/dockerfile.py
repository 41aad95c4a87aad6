"""What `docker build` makes of a bundle's Dockerfile, without Docker: FROM, ENV, COPY, CMD and no other.

Nothing runs in a container. The file system holds what COPY put there; AWS's base image itself (Amazon Linux, Python,
awslambdaric, boto3, the entrypoint) is not here, and only what its documentation says of it is known:

    ENV LAMBDA_TASK_ROOT=/var/task    WORKDIR /var/task
    ENTRYPOINT /lambda-entrypoint.sh: outside Lambda, the Runtime Interface Emulator around awslambdaric with CMD[0]
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import NamedTuple

_BASE = re.compile(r"public\.ecr\.aws/lambda/python:(3\.\d+)-(x86_64|arm64)")


class Layout(NamedTuple):
    """python, arch: of the base image. root: where its file system lies on this machine."""

    python: str
    arch: str
    environment: dict[str, str]
    command: list[str]
    root: Path

    @property
    def task(self) -> Path:
        return self.root / self.environment["LAMBDA_TASK_ROOT"].lstrip("/")


def lay_out(context: Path, dockerfile: str, root: Path) -> Layout:
    """Follows the Dockerfile of that name in the context, writing below `root`.

    Raises:
        ValueError: an instruction that is none of the four, or another base image.
    """
    root.mkdir(parents=True)
    python = arch = ""
    environment: dict[str, str] = {}
    command: list[str] = []
    for line in (context / dockerfile).read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        for name, value in environment.items():
            rest = rest.replace(f"${{{name}}}", value)
        if word == "FROM" and not python and (base := _BASE.fullmatch(rest)):
            python, arch = base[1], base[2]
            environment["LAMBDA_TASK_ROOT"] = "/var/task"
        elif word == "ENV" and "=" in rest:
            name, _, value = rest.partition("=")
            environment[name] = value
        elif word == "COPY" and len(places := rest.split()) == 2:
            source, target = context / places[0], root / places[1].lstrip("/")
            if not source.is_dir() or not places[1].endswith("/"):
                raise ValueError(f"only a folder's contents are copied here: {line}")
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif word == "CMD":
            command = json.loads(rest)
        else:
            raise ValueError(f"not understood here: {line}")
    return Layout(python, arch, environment, command, root)
