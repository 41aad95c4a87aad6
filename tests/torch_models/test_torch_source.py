"""What may be given as a torch model, what its inputs and outputs are called, and what is refused."""

from __future__ import annotations

import copy
import io
import os
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import isoship
from isoship.errors import InputError, ModelFileError, SampleError, UnsupportedModelError
from isoship.sources.tensor_models import open_tensor_source, takes_tensors
from isoship.sources.torch.source import TorchSource
from isoship.tensors.run import Runs

ANY = torch.export.Dim.DYNAMIC


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5))
        self.head = nn.Linear(3 * 4 * 4, 2)

    def forward(self, image: Tensor) -> Tensor:
        return self.head(self.body(image))


IMAGES = torch.arange(2 * 36, dtype=torch.float32).reshape(2, 1, 6, 6) / 72


def saved(path: Path, module: nn.Module, *args: Any, **options: Any) -> Path:
    torch.export.save(torch.export.export(module, args, **options), path)
    return path


def test_the_users_module_stays_as_it_is() -> None:
    model = Classifier().train()
    before = copy.deepcopy(model.state_dict())
    threads = torch.get_num_threads()
    source = TorchSource(model, sample=IMAGES)
    source.to_onnx()
    source.answers({"image": IMAGES.numpy()})
    assert all(module.training for module in model.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert (threads, False) == (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    assert any("training mode" in note for note in source.notes), "it is said that a copy in eval mode ships"
    assert torch.equal(model.eval()(IMAGES), torch.from_numpy(source.answers({"image": IMAGES.numpy()})["output"]))


def test_no_path_and_no_source_line_is_in_the_graph() -> None:
    data = TorchSource(Classifier().eval(), sample=IMAGES).to_onnx().SerializeToString()
    for word in (b"site-packages", str(Path.cwd()).encode(), b".py", b"forward("):
        assert word not in data


class Two(NamedTuple):
    mean: Tensor
    parts: Any


class Named(nn.Module):
    def forward(self, x: Tensor, state: Any, scale: float = 1.0, *, input: Tensor | None = None) -> Any:
        y = x * scale + state[0] * state[1]
        return {"y": y, "inner": Two(y.mean(1), (y + 1, x)), "other": y if input is None else y + input}


def test_inputs_and_outputs_have_the_names_of_forward() -> None:
    sample = {"x": torch.randn(2, 3), "state": (torch.randn(2, 3), torch.randn(2, 3)), "input": torch.randn(2, 3)}
    source = TorchSource(Named(), sample=sample)
    assert [one.name for one in source.signature.inputs] == ["x", "state_0", "state_1", "input"]
    assert [o.name for o in source.outputs] == ["y", "inner_mean", "inner_parts_0", "inner_parts_1", "other"]
    assert [o.shape for o in source.outputs][:2] == [("batch", 3), ("batch",)]
    graph = source.to_onnx()
    assert [value.name for value in graph.graph.input] == ["x", "state_0", "state_1", "input"]
    seen, own = Runs(graph)(source.samples[0]), source.answers(source.samples[0])
    assert all(np.array_equal(seen[name], own[name]) for name in own)


def test_one_tensor_a_tuple_and_arrays_are_samples() -> None:
    class Both(nn.Module):
        def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
            return torch.cat([a, b]), a - b

    a, b = torch.randn(2, 3), torch.randn(2, 3)
    for sample in ((a, b), {"b": b, "a": a}, {"a": a.numpy().astype(np.float64), "b": b.numpy()}, [a, b]):
        source = TorchSource(Both(), sample=sample)
        assert [(o.name, o.shape) for o in source.outputs] == [("output_0", ("2*batch", 3)), ("output_1", ("batch", 3))]
        assert {one.dtype for one in source.signature.inputs} == {"float"}
    calls = TorchSource(Both(), sample=[{"a": a, "b": b}, {"a": b, "b": a}]).samples
    assert [call["a"][0, 0] for call in calls] == [a[0, 0], b[0, 0]]
    with pytest.raises(SampleError, match="does not fit Both"):
        TorchSource(Both(), sample={"a": a})
    with pytest.raises(SampleError, match="does not say what it takes"):
        TorchSource(Both())


def test_a_batch_that_the_model_refuses_is_not_offered() -> None:
    class Unbatched(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.reshape(3, 4) @ torch.ones(4)

    source = TorchSource(Unbatched(), sample=torch.randn(6, 2))
    assert source.signature.inputs[0].shape == (6, 2)
    assert "refuses a batch of 1" in source.notes[-1]
    assert TorchSource(Classifier().eval(), sample=IMAGES, dynamic={}).signature.inputs[0].shape == (2, 1, 6, 6)
    with pytest.raises(SampleError, match="cannot be of any size"):
        TorchSource(Classifier().eval(), sample=IMAGES, dynamic={"image": {2: "height"}})
    with pytest.raises(SampleError, match="names the input 'x'"):
        TorchSource(Classifier().eval(), sample=IMAGES, dynamic={"x": {0: "batch"}})


def test_a_batch_of_one_is_enough_of_a_sample() -> None:
    source = TorchSource(Classifier().eval(), sample=IMAGES[:1])
    assert source.signature.inputs[0].shape == ("batch", 1, 6, 6)
    assert source.to_onnx().graph.output[0].type.tensor_type.shape.dim[0].dim_param == "batch"


@pytest.mark.parametrize(("width", "dtype"), [(torch.float64, "double"), (torch.float16, "float16")])
def test_other_widths_ship_as_they_are(width: torch.dtype, dtype: str) -> None:
    layers = nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.Tanh(), nn.Linear(8, 2)).to(width).eval()
    source = TorchSource(layers, sample=IMAGES.to(width))
    assert (source.signature.inputs[0].dtype, source.outputs[0].dtype) == (dtype, dtype)
    source.to_onnx()


def test_what_onnxruntime_has_no_kernel_for_is_named() -> None:
    with pytest.raises(UnsupportedModelError, match=r"Conv.*model\.float\(\)"):
        TorchSource(Classifier().double().eval(), sample=IMAGES.double()).to_onnx()


def test_wrappers_are_taken_off() -> None:
    for wrapped in (torch.compile(Classifier().eval()), nn.DataParallel(Classifier().eval())):
        source = TorchSource(wrapped, sample=IMAGES)
        assert source.estimator == "Classifier"
        assert "is a wrapper" in source.notes[0]


def test_a_module_that_deepcopy_cannot_take_is_copied() -> None:
    class Held(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 2)
            self.kept = self.layer.weight * 2  # no leaf: deepcopy refuses it

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x) + self.kept.sum()

    globals()["Held"] = Held
    Held.__qualname__ = "Held"
    TorchSource(Held().eval(), sample=torch.randn(2, 2)).to_onnx()


class Random(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.rand_like(x)


class Dropping(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, 0.5)


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.count += 1
        return x * 1 + self.count * 0


REFUSED = [
    (lambda: torch.jit.trace(Classifier().eval(), IMAGES), UnsupportedModelError, "TorchScript"),
    (lambda: Classifier().bfloat16(), UnsupportedModelError, "torch.bfloat16"),
    (lambda: nn.LazyLinear(3), UnsupportedModelError, "has not seen any input"),
    (lambda: Classifier().to("meta"), UnsupportedModelError, "device meta"),
    (lambda: torch.randn(3), ModelFileError, "no model but a tensor"),
    (Random, UnsupportedModelError, "one call in two ways|random numbers"),
    (Dropping, UnsupportedModelError, "training mode|one call in two ways|F.dropout"),
    (Counting, UnsupportedModelError, "count.*depends on the calls before"),
]


@pytest.mark.parametrize(("made", "error", "words"), REFUSED, ids=[words for _, _, words in REFUSED])
def test_what_has_no_one_answer_is_refused_by_name(made: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        TorchSource(made(), sample=IMAGES)


def test_weights_alone_get_the_way_to_a_model() -> None:
    with pytest.raises(ModelFileError, match=r"weights.*state_dict.*load_state_dict"):
        isoship.export(Classifier().state_dict(), sample=IMAGES)


def test_an_exported_program_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.pt2", Classifier().eval(), IMAGES, dynamic_shapes=({0: ANY},))
    said: list[str] = []
    source = open_tensor_source(path, say=said.append)
    assert takes_tensors(path)
    assert said == [source.notes[0]]
    assert "loading it runs code" in said[0]
    assert (source.estimator, source.signature.inputs[0].shape) == ("Classifier", ("batch", 1, 6, 6))
    assert source.outputs[0].shape == ("batch", 2)
    assert {"body.1", "head"} <= set(source.places.values()), "a batch norm is part of the convolution before it"
    graph = source.to_onnx()
    one = {"image": IMAGES.numpy()[:1]}
    np.testing.assert_allclose(Runs(graph)(one)["output"], source.answers(one)["output"], rtol=1e-5, atol=1e-6)
    assert TorchSource(torch.export.load(path)).signature == source.signature, "the program itself, too"
    with pytest.raises(InputError, match="dynamic_shapes it was made with"):
        TorchSource(torch.export.load(path), dynamic={})


@pytest.mark.parametrize("kind", ["dropout", "batch norm", "lstm", "attention"])
def test_a_program_in_training_mode_is_refused(kind: str, tmp_path: Path) -> None:
    class Attending(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.scaled_dot_product_attention(x, x, x, dropout_p=0.1 if self.training else 0.0)

    made: dict[str, tuple[nn.Module, Tensor]] = {
        "dropout": (nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.1)), torch.randn(2, 3)),
        "batch norm": (nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)), IMAGES),
        "lstm": (nn.LSTM(3, 4, 2, dropout=0.1), torch.randn(5, 2, 3)),
        "attention": (Attending(), torch.randn(2, 2, 5, 4)),
    }
    module, x = made[kind]
    with pytest.raises(UnsupportedModelError, match=r"training mode|model\.eval"):
        TorchSource(torch.export.load(saved(tmp_path / "m.pt2", module.train(), x)))
    TorchSource(torch.export.load(saved(tmp_path / "n.pt2", module.eval(), x)))


class Planted:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (os.environ["PLANTED"],))


def test_loading_a_program_runs_code_as_the_note_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why it is said: the example inputs are a pickle, and torch drops its list of classes where that refuses one."""
    path = saved(tmp_path / "m.pt2", Classifier().eval(), IMAGES)
    monkeypatch.setenv("PLANTED", str(tmp_path / "ran"))
    pickled = io.BytesIO()
    torch.save(Planted(), pickled)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "evil.pt2", "w") as new:
        for name in old.namelist():
            new.writestr(name, pickled.getvalue() if name.endswith("sample_inputs/model.pt") else old.read(name))
    with pytest.raises(isoship.IsoshipError):
        open_tensor_source(tmp_path / "evil.pt2")
    assert (tmp_path / "ran").is_dir()


def test_files_that_are_no_programs_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.pt2").write_text("no archive")
    torch.jit.save(torch.jit.trace(Classifier().eval(), IMAGES), str(tmp_path / "script.pt2"))
    with zipfile.ZipFile(tmp_path / "native.pt2", "w") as archive:
        archive.writestr("m/data/aotinductor/model/a.so", b"")
    with zipfile.ZipFile(tmp_path / "empty.pt2", "w") as archive:
        archive.writestr("m/archive_format", "pt2")
    for name, words in {
        "text": "is no exported program", "script": "TorchScript", "native": "native code", "empty": "does not read",
    }.items():  # fmt: skip
        with pytest.raises(ModelFileError, match=words):
            open_tensor_source(tmp_path / f"{name}.pt2")


def test_an_unused_input_stays_one() -> None:
    class Half(nn.Module):
        def forward(self, x: Tensor, unused: Tensor) -> Tensor:
            return x * 2

    graph = TorchSource(Half(), sample=(torch.randn(2, 3), torch.randn(2, 1))).to_onnx()
    assert [value.name for value in graph.graph.input] == ["x", "unused"]
    onnx.checker.check_model(graph)
