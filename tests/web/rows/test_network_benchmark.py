"""The comparison of networks: what the machine lacks is said, every way is compared in Node, a failure is no pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest
from benchmarks.web import network_folder, networks
from benchmarks.web.network_folder import NAME, written
from benchmarks.web.running import run
from benchmarks.web.summary import agrees

SHAPE, COUNT = (2, 8, 8), 32
FORMS = ["ours, wasm", "official, wasm", "ours, cpu", "official, cpu", "onnxruntime-web"]

GRAPH = """
<ir_version: 10, opset_import: ["" : 21]>
cnn (float[N, 2, 8, 8] x) => (float[N, 5] y) {
    a = Conv <pads = [1, 1, 1, 1]> (x, w, b)
    r = Relu(a)
    m = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r)
    f = Flatten(m)
    y = Gemm(f, v, c)
}
"""


def test_without_keras_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    absent = tmp_path / "python"
    assert "scripts/extra.sh keras" in written(tmp_path / "model", absent, absent).nothing
    assert networks.main(["--keras", str(absent)]) == 0
    assert f"there is no Keras at {absent}" in capsys.readouterr().out


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A network without Keras's help, our graph in the place of the official converter's."""
    patch = pytest.MonkeyPatch()
    keras = tmp_path_factory.mktemp("keras") / "python"
    keras.touch()
    folder = tmp_path_factory.mktemp("bench") / NAME
    patch.setattr(network_folder, "_forms", _forms)
    patch.setattr(network_folder, "_CONVERSIONS", 2)
    patch.setattr(network_folder, "interpreter", lambda: keras)
    patch.setattr(network_folder, "convert", lambda saved, place: network_folder._ours(folder / "model.onnx", place))
    with patch.context():
        found = written(folder, keras, folder / "litert")
    patch.undo()
    return found, run("node", "networks.mjs", folder.parent, folder, {NAME: found.missing}, 1)


def _forms(keras: Path, folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    model = onnx.parser.parse_model(GRAPH)
    for name, shape in {"w": (4, 2, 3, 3), "b": (4,), "v": (64, 5), "c": (5,)}.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(rng.normal(size=shape).astype(np.float32), name))
    onnx.save(model, folder / "model.onnx")
    calls = rng.normal(size=(COUNT, *SHAPE)).astype(np.float32)
    (answers,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": calls})
    document = {"x": calls.ravel().tolist(), "count": COUNT, "shape": SHAPE, "expected": answers.ravel().tolist()}
    (folder / "rows.json").write_text(json.dumps(document), encoding="utf-8")
    return {"missing": {}, "versions": {}}


def test_every_way_is_compared_and_timed(made: Any) -> None:
    written, run = made
    assert written.missing == {"LiteRT.js": "its package is not installed here"}
    assert set(written.seconds) == {"ours", "official"}
    assert list(run["found"][NAME]) == FORMS
    for form, found in run["found"][NAME].items():
        assert agrees("network", found), (form, found)
        assert min(found["one"], found["many"]) > 0


def figures(made: Any, seconds: dict[str, float] | None = None, **changed: Any) -> dict[str, Any]:
    found = {**made[1]["found"][NAME], **{f"{name}, wasm": each for name, each in changed.items()}}
    runs = {where: {"found": {NAME: found}} for where in networks.RUNS}
    return {"missing": {NAME: made[0].missing}, "conversion": seconds or {"ours": 0.1, "official": 2.0}, **runs}


def test_what_fails_or_answers_otherwise_is_no_pass(made: Any) -> None:
    fast = {"difference": 0, "alone": 0, "one": 1e-6, "many": 1e-6}
    assert all(bar.ok for bar in networks.bars(figures(made, ours=fast)))
    for wrong in ({"failed": "it stops"}, {**fast, "alone": 1e-3}):
        for graph in ("ours", "official"):
            assert [bar.ok for bar in networks.bars(figures(made, **{graph: wrong}))] == [False] * 4 + [True]
    assert not networks.bars(figures(made, {"ours": 0.5, "official": 2.0}, ours=fast))[-1].ok


def test_without_the_official_converter_nothing_is_held(made: Any) -> None:
    assert networks.bars(figures(made, {"ours": 0.1})) == []
    assert "LiteRT.js           its package is not installed here" in list(networks.lines(figures(made)))
