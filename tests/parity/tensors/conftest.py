"""Hand-written networks, their bundles written once for the room."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tensors"))

from isoship.parity.runners.contract import Shipped
from isoship_edge.manifest import read_manifest
from small_networks import image_network, text_network, write_network_bundle

NETWORKS = {"image": image_network, "text": text_network}


@pytest.fixture(scope="session")
def pristine(tmp_path_factory):
    root = tmp_path_factory.mktemp("networks")
    return {name: write_network_bundle(root / name, make()) for name, make in NETWORKS.items()}


@pytest.fixture(params=NETWORKS)
def network(request):
    return request.param


@pytest.fixture
def source(network):
    return NETWORKS[network]()


@pytest.fixture
def bundle(network, pristine, tmp_path):
    return Path(shutil.copytree(pristine[network], tmp_path / "bundle"))


@pytest.fixture
def shipped(bundle):
    return Shipped(bundle, read_manifest(bundle), ())
