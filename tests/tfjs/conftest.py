"""Stock TF.js in one Node process, and the whole web form (program and graph) as one call."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from program_runner import ProgramRunner

from isoship.tfjs import WebForm, to_tfjs
from isoship.tfjs.readback import read_back, read_weights

Array = np.ndarray[Any, Any]
Feeds = dict[str, Array]

_TF = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
_ROOT = Path(__file__).parents[2]


def node_modules() -> Path | None:
    """Where @tensorflow/tfjs is: the folder in ISOSHIP_NODE_MODULES, else web/node_modules."""
    for folder in (os.environ.get("ISOSHIP_NODE_MODULES"), _ROOT / "web" / "node_modules"):
        if folder and (Path(folder) / "@tensorflow" / "tfjs").is_dir():
            return Path(folder)
    return None


class Node:
    """Stock `@tensorflow/tfjs` behind a pipe."""

    def __init__(self, modules: Path) -> None:
        self._process = subprocess.Popen(
            ["node", str(Path(__file__).parent / "graph_server.cjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "ISOSHIP_NODE_MODULES": str(modules.resolve())},
        )

    def run(self, folder: Path, backend: str, feeds: Feeds, fetches: list[str]) -> dict[str, Array]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {
            "folder": str(folder),
            "backend": backend,
            "feeds": {name: _packed(array) for name, array in feeds.items()},
            "fetches": fetches,
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"Node ended with {self._process.wait(10)}"
        reply = json.loads(line)
        assert "error" not in reply, reply["error"]
        assert reply["talk"] == [], reply["talk"]
        return {name: _unpacked(value) for name, value in reply["fetches"].items()}

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def _packed(array: Array) -> dict[str, Any]:
    return {"dtype": str(array.dtype), "shape": array.shape, "data": base64.b64encode(array.tobytes()).decode()}


def _unpacked(value: dict[str, Any]) -> Array:
    return np.frombuffer(base64.b64decode(value["data"]), _TF[value["dtype"]]).reshape(value["shape"])


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    modules = node_modules()
    if modules is None or shutil.which("node") is None:
        pytest.fail("these tests run stock TF.js in Node: npm ci --prefix web")
    process = Node(modules)
    yield process
    process.close()


class Form:
    """A web form on disk, run on one backend."""

    def __init__(self, written: WebForm, node: Node) -> None:
        self.written, self._node = written, node
        self.program = ProgramRunner(written.folder)
        self.document = self.program.document
        self.model = json.loads((written.folder / "model.json").read_bytes())

    def __call__(self, backend: str, inputs: Feeds) -> dict[str, Array]:
        values = dict(inputs)
        self.program.run("prefix", values)
        feeds = {}
        for feed in self.document["feeds"]:
            source = values[feed["from"]]
            with np.errstate(over="ignore"):
                feeds[feed["name"]] = np.ascontiguousarray(source.astype(_TF[feed["dtype"]]))
            _same_shape(source.shape, feed["shape"])
        fetches = self.document["fetches"]
        made = self._node.run(self.written.folder, backend, feeds, [f["name"] for f in fetches])
        for fetch in fetches:
            array = made[fetch["name"]]
            assert str(array.dtype) == fetch["dtype"]
            _same_shape(array.shape, fetch["shape"])
            values[fetch["to"]] = array
        self.program.run("suffix", values)
        return {name: values[source] for name, source in self.document["outputs"].items()}


def _same_shape(shape: tuple[int, ...], declared: list[Any]) -> None:
    assert len(shape) == len(declared)
    assert all(size == d for size, d in zip(shape, declared, strict=True) if isinstance(d, int))


@pytest.fixture
def web_form(node: Node, tmp_path: Path) -> Callable[[onnx.ModelProto], Form]:
    """Writes a model's web form; its weights have to read back with the official reader, too."""

    def write(model: onnx.ModelProto) -> Form:
        written = to_tfjs(model, tmp_path / f"form{len(list(tmp_path.iterdir()))}")
        official = read_back(written.folder)
        if official is not None:
            ours = read_weights(written.folder)
            assert official.keys() == ours.keys()
            for name, array in official.items():
                assert array.dtype == ours[name].dtype
                assert array.shape == ours[name].shape
                assert array.tobytes() == ours[name].tobytes()
        return Form(written, node)

    return write


@pytest.fixture(params=["cpu", "wasm"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
