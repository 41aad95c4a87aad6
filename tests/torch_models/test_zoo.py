"""Networks of every usual shape: exported, held against torch within rounding, and told where each node comes from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn
from zoo import ZOO, Digits, network

import isoship
from isoship.errors import UnsupportedModelError
from isoship.sources.torch.source import TorchSource
from isoship.tensors.run import Runs

#: Dimensions that may be of any size, by the network's name; the others have a batch alone.
SHAPES = {"text encoder": ("batch", "time"), "WaveNet": ("batch", 1, "time"), "LSTM": ("batch", 12)}


@pytest.mark.parametrize("name", ZOO)
def test_a_network_answers_as_torch_does(name: str) -> None:
    module, sample, dynamic = network(name)
    source = TorchSource(module, sample=sample, dynamic=dynamic)
    graph = source.to_onnx()
    assert source.signature.inputs[0].shape == SHAPES.get(name, ("batch", *sample.shape[1:]))
    with torch.no_grad():
        own = module(sample)
    seen, said = Runs(graph)(source.samples[0]), source.answers(source.samples[0])
    assert list(seen) == list(said) == [output.name for output in source.outputs]
    for output, tensor in zip(said, own.values() if isinstance(own, dict) else [own], strict=True):
        apart = np.abs(seen[output] - tensor.numpy()).max()
        print(f"{name}: {output} differs by {apart:.2g} where answers reach {np.abs(said[output]).max():.2g}")
        assert apart <= 1e-5 * max(1.0, float(np.abs(said[output]).max())), "rounding of float32, and nothing else"
    named = [node.name for node in graph.graph.node if node.name in source.places]
    assert len(named) >= 0.8 * len(graph.graph.node), "nearly every node has its module's path"


def test_a_text_encoder_says_which_ids_it_knows() -> None:
    module, sample, dynamic = network("text encoder")
    ids = TorchSource(module, sample=sample, dynamic=dynamic).signature.inputs[0]
    assert (ids.name, ids.dtype, ids.minimum, ids.maximum) == ("ids", "int64", 0, 999)


def test_a_step_that_onnx_has_no_operator_for_is_named() -> None:
    class Middle(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.median(1).values

    with pytest.raises(UnsupportedModelError, match=r"aten\.median"):
        TorchSource(Middle().eval(), sample=torch.randn(3, 5)).to_onnx()


def test_a_cnn_trained_on_digits() -> None:
    images, labels = load_digits(return_X_y=True)
    x, y = torch.tensor(images.reshape(-1, 1, 8, 8), dtype=torch.float32), torch.tensor(labels)
    torch.manual_seed(0)
    model = Digits()
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(10):
        for rows in torch.randperm(1200).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    source = TorchSource(model, sample=x[:32])
    graph = source.to_onnx()
    whole = {"image": x.numpy()}
    own, seen = source.answers(whole)["output"], Runs(graph)(whole)["output"]
    right = float((own.argmax(1) == labels)[1200:].mean())
    print(f"{right:.3f} of the images that it was not trained on; logits differ by {np.abs(own - seen).max():.2g}")
    assert right > 0.9, "it was trained"
    assert (own.argmax(1) == seen.argmax(1)).all(), "no flip on 1,797 images"
    assert model.training, "the user's module stays in training mode"


def test_a_bundle_of_a_network_is_written_and_checked(tmp_path: Path) -> None:
    """Exported to a device's form, and checked against the module alone: the bundle says what it is asked."""
    module, sample, dynamic = network("text encoder")
    bundle = isoship.export(
        module, sample=sample, dynamic=dynamic, out=tmp_path / "bundle", name="text", targets=("edge",)
    )
    assert bundle.report.ok
    assert bundle.manifest.signature.inputs[0].shape == ("batch", "time")
    report = isoship.check(tmp_path / "bundle", model=module, runtimes=["onnxruntime", "edge"])
    assert report.exit_code == 0, report.table()
    assert report.evidence == "source"
    other, _, _ = network("text encoder", seed=1)
    assert isoship.check(tmp_path / "bundle", model=other, runtimes=["edge"]).exit_code == 1


def test_an_exported_program_is_checked_where_it_lies(tmp_path: Path) -> None:
    module, sample, _ = network("branching")
    torch.export.save(torch.export.export(module, (sample,)), tmp_path / "branching.pt2")
    bundle = isoship.export(tmp_path / "branching.pt2", out=tmp_path / "bundle", targets=("edge",))
    assert "runs code" in bundle.notes[0]
    assert not list((tmp_path / "bundle").rglob("*.pt2")), "the file itself, which holds its example, ships nowhere"
    assert isoship.check(tmp_path / "bundle", runtimes=["edge"]).evidence == "source"
