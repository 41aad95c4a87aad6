"""One Lambda directory for this room, and functions of it that run under awslambdaric."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from deployed_functions import Functions

from bundles import make_bundle
from isoship.bundle.aws_lambda.directory import check_target, write_lambda
from isoship.bundle.aws_lambda.pythons import default_lambda_python
from isoship.bundle.interpreters import find_interpreter
from isoship.parity.runners.lambda_runtime import rebuild, unpack_client


@pytest.fixture(scope="session")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    root = make_bundle(tmp_path_factory.mktemp("bundle"), "visits")
    build = write_lambda(root / "lambda", root, python=default_lambda_python(), offline=True)
    here = check_target(build.target)
    assert here is not None, "the Lambda directory runs on Linux"
    aside = tmp_path_factory.mktemp("aside")
    folder = build.folder if here == build.target else rebuild(build.folder, aside / "task", build.target, here)
    interpreter = find_interpreter(here.python)
    assert interpreter is not None
    made = Functions(folder, interpreter, unpack_client(aside / "client", here), aside)
    yield made
    made.close()
