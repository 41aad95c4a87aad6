"""The formula bundle, written once for the whole room and copied where a test changes it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from formula import FormulaSource, write_formula_bundle
from isoship.parity.runners.contract import Shipped
from isoship_edge.manifest import read_manifest


@pytest.fixture(scope="session")
def pristine(tmp_path_factory):
    return write_formula_bundle(tmp_path_factory.mktemp("formula") / "bundle", web=True)


@pytest.fixture
def bundle(pristine, tmp_path):
    return Path(shutil.copytree(pristine, tmp_path / "bundle"))


@pytest.fixture
def shipped(bundle):
    return Shipped(bundle, read_manifest(bundle), ("web",))


@pytest.fixture
def source():
    return FormulaSource()
