"""Networks of the shapes that people train, with random weights from a seed: (module in evaluation mode, sample)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Inverted(nn.Module):
    """MobileNetV2's block: widen, one convolution a channel, narrow, and the input added where the sizes allow it."""

    def __init__(self, wide_in: int, wide_out: int, stride: int, widen: int) -> None:
        super().__init__()
        hidden = wide_in * widen
        self.adds = stride == 1 and wide_in == wide_out
        first = [] if widen == 1 else [nn.Conv2d(wide_in, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6()]
        self.body = nn.Sequential(
            *first,
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU6(),
            nn.Conv2d(hidden, wide_out, 1, bias=False),
            nn.BatchNorm2d(wide_out),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.adds else self.body(x)


class MobileNet(nn.Module):
    """MobileNetV2's table of widen, channels, repeats and stride."""

    TABLE = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6()]
        wide = 32
        for widen, channels, repeats, stride in self.TABLE:
            for i in range(repeats):
                layers.append(Inverted(wide, channels, stride if i == 0 else 1, widen))
                wide = channels
        layers += [nn.Conv2d(wide, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.ReLU6()]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, classes))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(F.adaptive_avg_pool2d(self.features(x), 1).flatten(1))


class Residual(nn.Module):
    def __init__(self, wide_in: int, wide_out: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(wide_in, wide_out, 3, stride, 1, bias=False), nn.BatchNorm2d(wide_out)
        self.conv2, self.bn2 = nn.Conv2d(wide_out, wide_out, 3, 1, 1, bias=False), nn.BatchNorm2d(wide_out)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or wide_in != wide_out:
            self.shortcut = nn.Sequential(nn.Conv2d(wide_in, wide_out, 1, stride, bias=False), nn.BatchNorm2d(wide_out))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.shortcut(x))


class ResNet(nn.Module):
    """ResNet18: two blocks each of 64, 128, 256 and 512 channels."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        )
        wide, blocks = 64, []
        for channels in (64, 128, 256, 512):
            blocks += [Residual(wide, channels, 1 if channels == 64 else 2), Residual(channels, channels, 1)]
            wide = channels
        self.blocks, self.head = nn.Sequential(*blocks), nn.Linear(512, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


class VisionTransformer(nn.Module):
    def __init__(self, size: int = 96, patch: int = 16, wide: int = 64, depth: int = 4, classes: int = 10) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, wide, patch, patch)
        self.token = nn.Parameter(torch.randn(1, 1, wide))
        self.position = nn.Parameter(torch.randn(1, (size // patch) ** 2 + 1, wide) * 0.02)
        layer = nn.TransformerEncoderLayer(wide, 4, 4 * wide, activation="gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(wide), nn.Linear(wide, classes)

    def forward(self, image: Tensor) -> Tensor:
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.position
        return self.head(self.norm(self.encoder(x))[:, 0])


class TextEncoder(nn.Module):
    """Embedding, sine positions, transformer encoder, mean over what is no padding; ids [N, time], any time to 128."""

    def __init__(self, words: int = 1000, wide: int = 64, depth: int = 2, classes: int = 3) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, wide, padding_idx=0)
        place, rate = torch.arange(128)[:, None], torch.exp(torch.arange(0, wide, 2) * (-math.log(10000.0) / wide))
        self.register_buffer("positions", torch.cat([torch.sin(place * rate), torch.cos(place * rate)], 1))
        layer = nn.TransformerEncoderLayer(wide, 4, 128, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.head = nn.Linear(wide, classes)

    def forward(self, ids: Tensor) -> dict[str, Tensor]:
        padding = ids == 0
        x = self.embedding(ids) + self.positions[: ids.shape[1]]
        x = self.encoder(x, src_key_padding_mask=padding)
        kept = (~padding).unsqueeze(-1).to(x.dtype)
        pooled = (x * kept).sum(1) / kept.sum(1).clamp_min(1)
        logits = self.head(pooled)
        return {"logits": logits, "probabilities": logits.softmax(-1)}


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.LSTM] | type[nn.GRU], words: int = 500, wide: int = 48, classes: int = 4) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, 32)
        self.recurrent = kind(32, wide, num_layers=2, bidirectional=True, batch_first=True, dropout=0.1)
        self.head = nn.Linear(2 * wide, classes)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.recurrent(self.embedding(ids))[0][:, -1])


class UNet(nn.Module):
    def __init__(self, wide: int = 16) -> None:
        super().__init__()
        self.down = nn.ModuleList([self._two(3, wide), self._two(wide, 2 * wide), self._two(2 * wide, 4 * wide)])
        self.widen = nn.ModuleList(
            [nn.ConvTranspose2d(4 * wide, 2 * wide, 2, 2), nn.ConvTranspose2d(2 * wide, wide, 2, 2)]
        )
        self.up = nn.ModuleList([self._two(4 * wide, 2 * wide), self._two(2 * wide, wide)])
        self.mask = nn.Conv2d(wide, 1, 1)

    @staticmethod
    def _two(wide_in: int, wide_out: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(wide_in, wide_out, 3, padding=1), nn.BatchNorm2d(wide_out), nn.ReLU(),
            nn.Conv2d(wide_out, wide_out, 3, padding=1), nn.BatchNorm2d(wide_out), nn.ReLU(),
        )  # fmt: skip

    def forward(self, image: Tensor) -> Tensor:
        kept, x = [], image
        for block in self.down:
            x = block(x if not kept else F.max_pool2d(x, 2))
            kept.append(x)
        for widen, block, across in zip(self.widen, self.up, reversed(kept[:-1]), strict=True):
            x = block(torch.cat([widen(x), across], 1))
        return torch.sigmoid(self.mask(x))


class WaveNet(nn.Module):
    """Gated convolutions in time, each wider apart than the one before; what comes later is never seen."""

    def __init__(self, wide: int = 24, depth: int = 6) -> None:
        super().__init__()
        self.start = nn.Conv1d(1, wide, 1)
        self.gates = nn.ModuleList(nn.Conv1d(wide, 2 * wide, 2, dilation=2**i) for i in range(depth))
        self.joins = nn.ModuleList(nn.Conv1d(wide, wide, 1) for _ in range(depth))
        self.end = nn.Sequential(nn.ReLU(), nn.Conv1d(wide, wide, 1), nn.ReLU(), nn.Conv1d(wide, 32, 1))

    def forward(self, sound: Tensor) -> Tensor:
        x = self.start(sound)
        total = torch.zeros_like(x)
        for i, (gate, join) in enumerate(zip(self.gates, self.joins, strict=True)):
            value, open_ = gate(F.pad(x, (2**i, 0))).chunk(2, 1)
            step = join(torch.tanh(value) * torch.sigmoid(open_))
            total, x = total + step, x + step
        return self.end(total)


class Branching(nn.Module):
    """One of two networks, by the mean of the whole call."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.bright, self.dark = nn.Linear(8, 16), nn.Linear(16, 3), nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.tanh(self.first(x))
        return torch.cond(x.mean() > 0.25, self._light, self._night, (hidden,))

    def _light(self, hidden: Tensor) -> Tensor:
        return self.bright(hidden)

    def _night(self, hidden: Tensor) -> Tensor:
        return torch.relu(self.dark(hidden))


class Digits(nn.Module):
    """A CNN for sklearn's digits, [N, 1, 8, 8] of 0 to 16."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        )  # fmt: skip
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(128, 10))

    def forward(self, image: Tensor) -> Tensor:
        return self.head(self.features(image / 16))


def _ran(module: nn.Module, *shape: int) -> nn.Module:
    """Batch norms with statistics of their own, as training leaves them."""
    if any(isinstance(each, nn.BatchNorm2d) for each in module.modules()):
        with torch.no_grad():
            for _ in range(3):
                module.train()(torch.randn(4, *shape) + 0.5)
    return module.eval()


def _ids(words: int, *shape: int) -> Tensor:
    return torch.randint(0, words, shape)


#: name -> (module and sample, dimensions that may be of any size beside the batch)
ZOO: dict[str, tuple[Callable[[], tuple[nn.Module, Any]], dict[str, dict[int, str]] | None]] = {
    "MobileNetV2": (lambda: (_ran(MobileNet(), 3, 96, 96), torch.rand(2, 3, 96, 96)), None),
    "ResNet18": (lambda: (_ran(ResNet(), 3, 96, 96), torch.rand(2, 3, 96, 96)), None),
    "vision transformer": (lambda: (VisionTransformer().eval(), torch.rand(2, 3, 96, 96)), None),
    "text encoder": (lambda: (TextEncoder().eval(), _ids(1000, 3, 12)), {"ids": {0: "batch", 1: "time"}}),
    "LSTM": (lambda: (Recurrent(nn.LSTM).eval(), _ids(500, 3, 12)), None),
    "GRU": (lambda: (Recurrent(nn.GRU).eval(), _ids(500, 3, 12)), None),
    "U-Net": (lambda: (_ran(UNet(), 3, 96, 96), torch.rand(2, 3, 96, 96)), None),
    "WaveNet": (lambda: (WaveNet().eval(), torch.randn(2, 1, 400)), {"sound": {0: "batch", 2: "time"}}),
    "branching": (lambda: (Branching().eval(), torch.randn(3, 8)), None),
}


def network(name: str, seed: int = 0) -> tuple[nn.Module, Any, dict[str, dict[int, str]] | None]:
    """The module, its sample, and its dynamic dimensions (None: the batch)."""
    torch.manual_seed(seed)
    made, dynamic = ZOO[name]
    return *made(), dynamic
