"""One model, packed by npm as its users would, for every application of this folder."""

from __future__ import annotations

import pytest
from applications import Packed, packed_model


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return packed_model(tmp_path_factory.mktemp("packed"))
