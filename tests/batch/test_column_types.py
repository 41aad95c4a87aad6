"""Every type of column, each way that a table comes: answered, equally, or refused by name (docs/engines.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

import column_types
from column_types import PATHS, TYPES


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", TYPES)
def test_there_is_no_third_outcome(kind: str, tmp_path: Path) -> None:
    found = {name: column_types.cell(path, kind, tmp_path) for name, path in PATHS.items()}
    print(kind, found)
    assert found == {name: column_types.page()[kind][name] for name in PATHS}, "scripts/column_types.py --write"


def test_the_page_has_every_type() -> None:
    assert list(column_types.page()) == list(TYPES)
    assert len(TYPES) >= 20
