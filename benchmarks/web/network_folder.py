"""A folder of a network for the comparison: both converters' graphs, and how long each took in a process of its own.

What an environment lacks stands in `missing` with its reason: TensorFlow is in the Keras environment (.tools/keras),
the official converter in the one that `isoship setup tfjs` makes.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isoship.errors import ConversionError
from isoship.tfjs.official import convert, interpreter

NAME = "digits CNN (Keras)"
KERAS = Path(__file__).parents[2] / ".tools" / "keras" / "bin" / "python"
_ROOT = Path(__file__).parents[2]
_OFFICIAL = ("official, wasm", "official, cpu")
_CONVERSIONS = 5
_OURS = """
import sys
from pathlib import Path
import onnx
from isoship.tfjs.network import compile_network, write_network
folder = Path(sys.argv[2])
folder.mkdir()
write_network(folder, compile_network(onnx.load(sys.argv[1])))
"""


@dataclass(frozen=True)
class Written:
    """missing: form -> why there is none. nothing: why there is no model at all. seconds: of each converter, from the
    start of its process to the end."""

    missing: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    nothing: str = ""


def written(folder: Path, keras: Path, litert: Path) -> Written:
    """Writes the folder. keras: the Python of the Keras environment. litert: of LiteRT.js, if it is installed."""
    if not keras.is_file():
        return Written(nothing=f"there is no Keras at {keras}: scripts/extra.sh keras makes its environment")
    folder.mkdir(parents=True)
    said = _forms(keras, folder)
    missing: dict[str, str] = said["missing"]
    if not litert.is_dir():
        missing["LiteRT.js"] = "its package is not installed here"
    ways: dict[str, Callable[[Path], Any]] = {"ours": lambda place: _ours(folder / "model.onnx", place)}
    if interpreter() is None:
        missing.update(dict.fromkeys(_OFFICIAL, "the official converter is not here: isoship setup tfjs"))
    else:
        ways["official"] = lambda place: convert(folder / "saved", place)
    seconds = _timed(ways, folder, missing)
    _say_names(folder)
    return Written(missing, said["versions"], seconds)


def _forms(keras: Path, folder: Path) -> dict[str, Any]:
    rooms = os.pathsep.join(str(_ROOT / room) for room in ("export", "edge", "lambda"))
    command = [keras, "-W", "ignore", Path(__file__).with_name("network_forms.py"), folder]
    environment = os.environ | {"PYTHONPATH": rooms}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def _ours(model: Path, folder: Path) -> None:
    subprocess.run([sys.executable, "-c", _OURS, model, folder], check=True, timeout=600)


def _timed(ways: dict[str, Callable[[Path], Any]], folder: Path, missing: dict[str, str]) -> dict[str, float]:
    """The median of each, by turns; the graphs of the last turn stay."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(_CONVERSIONS):
        for name in list(ways):
            shutil.rmtree(folder / name, ignore_errors=True)
            started = time.perf_counter()
            try:
                ways[name](folder / name)
            except ConversionError as err:
                missing.update(dict.fromkeys(_OFFICIAL, str(err)[:200]))
                del ways[name]
                continue
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(times[name]) for name in ways}


def _say_names(folder: Path) -> None:
    """Adds to rows.json what the input and the output of each graph are called."""
    path = folder / "rows.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    graphs = {}
    for name in ("ours", "official"):
        model = folder / name / "model.json"
        if not model.is_file():
            continue
        signature = json.loads(model.read_text(encoding="utf-8"))["signature"]
        ends = (("input", "inputs"), ("output", "outputs"))
        graphs[name] = {one: next(iter(signature[many].values()))["name"].partition(":")[0] for one, many in ends}
    path.write_text(json.dumps(document | {"graphs": graphs}), encoding="utf-8")
