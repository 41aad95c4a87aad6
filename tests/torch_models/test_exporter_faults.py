"""Models that torch's exporter turns into other models, without an error: each is refused, and the step is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from isoship.errors import UnsupportedModelError
from isoship.sources.torch.source import TorchSource


class Faulty(nn.Module):
    """A layer of weights, the step, and nothing behind it, so that what it does reaches the answer."""

    def __init__(self, step: Callable[[Tensor], Any], layer: nn.Module) -> None:
        super().__init__()
        self.layer, self.step = layer, Step(step)

    def forward(self, x: Tensor) -> Any:
        return self.step(self.layer(x))


class Step(nn.Module):
    def __init__(self, step: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = step

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


def scatter_mean(x: Tensor) -> Tensor:
    places = torch.tensor([[0, 0, 1, 1]]).expand(x.shape[0], 4)
    return torch.zeros(x.shape[0], 2).scatter_reduce(1, places, x, "mean", include_self=False)


#: (what is written, the operator as torch has it, the step, the layer in front, the sample's shape)
FAULTS = [
    ("a dropped divisor", "avg_pool2d", lambda x: F.avg_pool2d(x, 2, divisor_override=3), "conv", (2, 1, 6, 6)),
    ("the last value for the mean", "scatter_reduce", scatter_mean, "linear", (2, 4)),
    ("another scale, bilinear", "_upsample_bilinear2d_aa",
     lambda x: F.interpolate(x, scale_factor=0.7, mode="bilinear", antialias=True), "conv", (2, 1, 9, 9)),
    ("another scale, bicubic", "_upsample_bicubic2d_aa",
     lambda x: F.interpolate(x, scale_factor=0.7, mode="bicubic", antialias=True), "conv", (2, 1, 9, 9)),
    ("log(sigmoid(x)) overflows", "log_sigmoid", F.logsigmoid, "linear", (2, 4)),
    ("log(exp(a) + exp(b)) overflows", "logaddexp", lambda x: torch.logaddexp(x, 2 * x), "linear", (2, 4)),
    ("log(cumsum(exp(x))) loses all", "logcumsumexp", lambda x: torch.logcumsumexp(x, 1), "linear", (2, 4)),
    ("the wrong half of the circle", "atan2", lambda x: torch.atan2(torch.relu(x[:, :2]), x[:, 2:]), "linear", (2, 4)),
    ("exp(x) - 1 near zero", "elu", F.elu, "none", (2, 4)),
    ("exp(x) - 1 near zero, by another name", "expm1", torch.expm1, "none", (2, 4)),
    ("log(1 + x) near zero", "log1p", lambda x: torch.log1p(x.abs()), "none", (2, 4)),
    ("1 - erf(x) far out", "special_erfc", torch.special.erfc, "none", (2, 4)),
    ("no sign of zero", "signbit", torch.signbit, "none", (2, 4)),
    ("other places of equal values", "topk", lambda x: torch.topk(torch.relu(x), 3), "linear", (2, 6)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "operator", "step", "layer", "shape"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_fault_of_the_exporter_is_caught_and_named(
    what: str, operator: str, step: Callable[[Tensor], Any], layer: str, shape: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    layers = {"conv": lambda: nn.Conv2d(1, 1, 1), "linear": lambda: nn.Linear(shape[1], shape[1]), "none": nn.Identity}
    source = TorchSource(Faulty(step, layers[layer]()).eval(), sample=torch.randn(shape))
    with pytest.raises(UnsupportedModelError) as refused:
        source.to_onnx()
    assert "answers otherwise" in refused.value.why
    assert operator in refused.value.step
    assert "step (Step)" in refused.value.step, "the module's path is named"


def test_the_same_layers_without_a_fault_pass() -> None:
    """What the faults are seen by is no false alarm: steps beside them that the exporter carries."""
    torch.manual_seed(0)
    for step in (F.gelu, F.softplus, lambda x: torch.logsumexp(x, 1), torch.sigmoid, torch.tanh, F.silu, F.glu, F.relu):
        source = TorchSource(Faulty(step, nn.Linear(4, 4)).eval(), sample=torch.randn(2, 4))
        source.to_onnx()


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_a_recurrent_layer_for_one_length_is_none_for_others(kind: type[nn.Module]) -> None:
    """torch unrolls it, or holds the sample's length for a constant: lengths are not offered, and refused if asked."""

    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.recurrent = kind(3, 5, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.recurrent(x)[0][:, -1]

    sample = torch.randn(2, 6, 3)
    assert TorchSource(Last().eval(), sample=sample).signature.inputs[0].shape == ("batch", 6, 3)
    with pytest.raises(UnsupportedModelError, match=r"constant \(6\)"):
        TorchSource(Last().eval(), sample=sample, dynamic={"x": {0: "batch", 1: "time"}})
