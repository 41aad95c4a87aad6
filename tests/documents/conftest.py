"""One folder in which the documents are followed, and one bundle in it, for all tests of this room."""

from __future__ import annotations

from pathlib import Path

import pytest
from following import run_shell
from pages import pages
from prepared import Prepared, prepare


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(tmp_path_factory.mktemp("documents"))


@pytest.fixture(scope="session")
def first(prepared: Prepared) -> str:
    """What README's first commands print."""
    page = pages()["README.md"]
    return run_shell(page.blocks[0], page, prepared, prepared.folder)


@pytest.fixture(scope="session")
def bundle(prepared: Prepared, first: str) -> Path:
    """The bundle that they leave."""
    return prepared.folder / "bundle"
