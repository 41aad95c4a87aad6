"""Both converters of Keras models and SavedModels: which graph ships, what is said of each, and that a wrong one stays.

`make test-all GROUP=tfjs` runs it in the Keras environment, with the official converter in its own
(scripts/official_converter.sh).
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import isoship
from isoship import web_route
from isoship.errors import ParityError
from isoship.tfjs.emitter import GraphDef
from isoship.tfjs.official import Converted, interpreter

CONVERTED_BY = {"isoship": "isoship", "tensorflowjs": "TensorFlow.js Converter v4.22.0"}
RUNTIMES = ("tfjs-stock-node-wasm", "web-node-cpu")


@pytest.fixture(scope="module", autouse=True)
def _the_converter_is_there() -> None:
    assert interpreter() is not None, "isoship setup tfjs"


@pytest.fixture(scope="module")
def model() -> Any:
    """A CNN of gray pictures."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((8, 8, 1), name="picture"),
            keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
            keras.layers.DepthwiseConv2D(3, strides=2, padding="same"),
            keras.layers.BatchNormalization(),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(5, activation="softmax", name="shares"),
        ]
    )


@pytest.fixture(params=["keras", "saved_model"])
def form(request: pytest.FixtureRequest, model: Any, tmp_path: Path) -> Any:
    """The model, or the folder in which Keras saves it."""
    if request.param == "keras":
        return model
    model.export(tmp_path / "saved", verbose=False)
    return tmp_path / "saved"


class Export:
    """An export for the browser; `said`: what it told of itself."""

    def __init__(self, model: Any, place: Path, route: str | None = None) -> None:
        self.said: list[str] = []
        made = isoship.export(
            model, out=place, name="m", targets=("web",), tfjs_route=route, progress=lambda line: self.said.append(line)
        )
        self.path = made.path

    @property
    def converted_by(self) -> str:
        return str(json.loads((self.path / "web" / "model.json").read_text(encoding="utf-8"))["convertedBy"])

    def lines(self, start: str) -> list[str]:
        return [line for line in self.said if line.startswith(start)]


def agrees(path: Path, model: Any) -> None:
    report = isoship.check(path, model=model, runtimes=RUNTIMES)
    assert report.ok, report.table()
    assert {"tfjs-stock-node-wasm", "web-node-cpu"} <= {one.name for one in report.verdicts if one.status == "agree"}


def test_by_default_both_are_checked_and_the_better_one_ships(form: Any, tmp_path: Path) -> None:
    export = Export(form, tmp_path / "bundle")
    (ours,), (official,) = export.lines("web: isoship: agrees, "), export.lines("web: tensorflowjs: agrees, ")
    assert "ms a call on wasm" in ours
    assert "ms a call on wasm" in official
    (ships,) = export.lines("web: ships the graph of ")
    (route,) = [name for name in CONVERTED_BY if f" {name} " in ships]
    assert export.converted_by == CONVERTED_BY[route]
    agrees(export.path, form)


@pytest.mark.parametrize("route", list(CONVERTED_BY))
def test_the_route_that_is_named_ships(form: Any, tmp_path: Path, route: str) -> None:
    export = Export(form, tmp_path / "bundle", route)
    assert export.converted_by == CONVERTED_BY[route]
    assert not export.lines("web: ships")
    agrees(export.path, form)


@pytest.fixture
def _the_official_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its weights are a hundredth larger."""

    def converted(saved: Path, folder: Path) -> Converted:
        made = right(saved, folder)
        (shard,) = folder.glob("*.bin")
        data = shard.read_bytes()
        whole = len(data) // 4 * 4
        # what is no real there (a shape) is one of the last bytes, of the largest size or of none
        numbers = np.frombuffer(data[:whole], "<f4").copy()
        real = (np.abs(numbers) > 1e-6) & (np.abs(numbers) < 1e6)
        numbers[real] *= np.float32(1.01)
        shard.write_bytes(numbers.tobytes() + data[whole:])
        return made

    right = web_route.convert
    monkeypatch.setattr(web_route, "convert", converted)


@pytest.mark.usefixtures("_the_official_is_wrong")
def test_a_wrong_graph_of_the_official_converter_is_not_shipped(model: Any, tmp_path: Path) -> None:
    export = Export(model, tmp_path / "bundle")
    assert export.lines("web: tensorflowjs: disagrees (")
    assert export.converted_by == "isoship"
    agrees(export.path, model)
    with pytest.raises(ParityError):
        Export(model, tmp_path / "asked", "tensorflowjs")
    assert not (tmp_path / "asked").exists()


def wrong(*given: Any) -> Any:
    """Ours, its matrices a hundredth larger."""
    web = RIGHT(*given)
    graph = web.network.graph
    weights = {
        name: array * np.float32(1.01) if array.dtype == np.float32 and array.ndim > 1 else array
        for name, array in graph.weights.items()
    }
    return replace(web, network=replace(web.network, graph=GraphDef(graph.nodes, weights)))


RIGHT = web_route.compiled


def test_a_wrong_graph_of_ours_is_not_shipped(model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_route, "compiled", wrong)
    export = Export(model, tmp_path / "bundle")
    assert export.lines("web: isoship: disagrees (")
    assert export.converted_by == CONVERTED_BY["tensorflowjs"]
    monkeypatch.setattr(web_route, "convert", _refused)
    with pytest.raises(ParityError):
        Export(model, tmp_path / "neither")
    assert not (tmp_path / "neither").exists()


def _refused(saved: Path, folder: Path) -> Converted:
    raise isoship.errors.ConversionError("it refuses the model")
