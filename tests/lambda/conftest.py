"""What this room's tests share: one Lambda directory, built once from cached wheels, and the recorded events.

The events follow the examples in AWS's documentation: API Gateway Developer Guide, "AWS Lambda proxy integrations for
HTTP APIs" (payload format 2.0), and Lambda Developer Guide, "Invoking Lambda function URLs".
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lambda_directory import Built, Here

from bundles import make_bundle
from isoship.bundle.aws_lambda.directory import check_target, write_lambda
from isoship.bundle.aws_lambda.pythons import default_lambda_python
from isoship.bundle.interpreters import find_interpreter
from isoship.parity.runners.lambda_runtime import rebuild, unpack_client

EVENTS = Path(__file__).with_name("events")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    root = make_bundle(tmp_path_factory.mktemp("bundle"), "visits")
    said: list[str] = []
    build = write_lambda(
        root / "lambda", root, python=default_lambda_python(), offline=True, progress=said.append
    )  # fmt: skip
    return Built(root, build, said)


@pytest.fixture(scope="session")
def here(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Here:
    target = check_target(built.build.target)
    assert target is not None, "the Lambda directory runs on Linux"
    interpreter = find_interpreter(target.python)
    assert interpreter is not None
    aside = tmp_path_factory.mktemp("client")
    folder = built.build.folder
    if target != built.build.target:
        folder = rebuild(folder, aside / "task", built.build.target, target)
    return Here(interpreter, folder, unpack_client(aside / "client", target))


@pytest.fixture(scope="session")
def event() -> Callable[[str], dict[str, Any]]:
    """A recorded event by its name."""
    return lambda name: json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("visits"), "visits")


@pytest.fixture
def entry(visits: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModuleType]:
    """The handler's module, loaded in this process as on Lambda, with more environment variables."""

    def load(bundle: Path = visits, **environment: str) -> ModuleType:
        for name in [name for name in os.environ if name.startswith(("ISOSHIP_", "AWS_"))]:
            monkeypatch.delenv(name)
        given = {"ISOSHIP_BUNDLE": str(bundle), "AWS_LAMBDA_FUNCTION_NAME": "visits", **environment}
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delitem(sys.modules, "isoship_lambda.handler", raising=False)
        return importlib.import_module("isoship_lambda.handler")

    return load
