"""Bundles of tensors that this room's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from isoship_edge.tensors.model import TensorModel
from tensor_bundles import loaded, make_tensor_bundle


@pytest.fixture(scope="session")
def digits_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tensor_bundle(tmp_path_factory.mktemp("digits"), "digits")


@pytest.fixture(scope="session")
def mixed_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tensor_bundle(tmp_path_factory.mktemp("mixed"), "mixed")


@pytest.fixture(scope="session")
def numbers_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tensor_bundle(tmp_path_factory.mktemp("numbers"), "numbers")


@pytest.fixture(scope="session", params=["c_api", "binding"])
def digits(request: pytest.FixtureRequest, digits_bundle: Path) -> TensorModel:
    return loaded(digits_bundle, request.param)


@pytest.fixture(scope="session", params=["mixed", "numbers"])
def mixed(request: pytest.FixtureRequest, mixed_bundle: Path, numbers_bundle: Path) -> TensorModel:
    return loaded({"mixed": mixed_bundle, "numbers": numbers_bundle}[request.param])
