"""The official `tensorflowjs` converter, in an environment of its own: what it declares fits beside nothing.

`isoship setup tfjs` makes the environment; a Keras model or SavedModel that is exported for the browser goes through
it, too, where it is there, and both graphs are checked.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isoship.errors import ConversionError, InputError

CONVERTER = "tensorflowjs==4.22.0"
#: What the environment takes on disk, and comes over the network, in gigabytes.
DISK, DOWNLOAD = 2.1, 0.6
#: The Pythons for which TensorFlow's release and what the converter needs were tried.
PYTHONS = ("3.11", "3.12", "3.13")
_HERE = Path(__file__).parent
_SECONDS = 1800
_CONVERSION_SECONDS = 600


@dataclass(frozen=True)
class Converted:
    """What the official converter wrote. inputs, outputs: its signature, name -> the node's name in the graph.
    seconds: of its work alone, without its start and imports."""

    folder: Path
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    seconds: float

    @property
    def size(self) -> int:
        """Bytes of model.json and the shards."""
        return sum(path.stat().st_size for path in self.folder.iterdir())


def environment() -> Path:
    """Where the environment is or would be: ISOSHIP_TFJS, or the user's cache."""
    own = os.environ.get("ISOSHIP_TFJS")
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(own) if own else (Path(base) if base else Path.home() / ".cache") / "isoship" / "tfjs"


def interpreter() -> Path | None:
    """Its Python, None where the environment is not there as a whole."""
    folder = environment()
    return folder / "bin" / "python" if (folder / ".complete").is_file() else None


def set_up(python: str = sys.executable, *, say: Callable[[str], None] = lambda _: None) -> Path:
    """Makes the environment anew, and converts a small SavedModel with it before it counts.

    python: the interpreter whose `venv` makes it, of a version of `PYTHONS`.

    Raises:
        InputError: no such interpreter, or one of another version; the folder holds something else.
        ConversionError: pip or the trial failed.
    """
    version = _version(python)
    if version not in PYTHONS:
        raise InputError(f"the converter's environment takes Python {', '.join(PYTHONS)}, and {python} is {version}")
    folder = environment()
    if folder.exists() and not (folder / "pyvenv.cfg").is_file() and any(folder.iterdir()):
        raise InputError(f"{folder} holds something else: name another folder in ISOSHIP_TFJS, or clear it")
    say(f"making {folder} with Python {version}: TensorFlow and {CONVERTER}, {DOWNLOAD} GB to fetch, {DISK} GB on disk")
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        _run([python, "-m", "venv", str(folder)], "venv")
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        say("installing TensorFlow")
        _run([*pip, "-r", str(_HERE / "requirements.txt")], "pip")
        say(f"installing {CONVERTER} without what it declares")
        _run([*pip, "--no-deps", CONVERTER], "pip")
        say("trying it on a small model")
        with tempfile.TemporaryDirectory(prefix="isoship-tfjs-") as place:
            saved = Path(place) / "saved"
            _run([str(folder / "bin" / "python"), str(_HERE / "trial.py"), str(saved)], "TensorFlow")
            _convert(folder / "bin" / "python", saved, Path(place) / "web")
        (folder / ".complete").touch()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def convert(saved_model: Path, folder: Path) -> Converted:
    """A SavedModel's `serving_default` as the official converter writes it.

    Raises:
        ConversionError: the environment is not there, or the converter refuses the model: its last words.
    """
    python = interpreter()
    if python is None:
        raise ConversionError("the official converter is not here: isoship setup tfjs")
    return _convert(python, saved_model, folder)


def _convert(python: Path, saved_model: Path, folder: Path) -> Converted:
    command = [str(python), str(_HERE / "convert_saved_model.py"), str(saved_model), str(folder)]
    said = json.loads(_run(command, "the official converter", _CONVERSION_SECONDS).splitlines()[-1])
    signature = json.loads((folder / "model.json").read_text(encoding="utf-8"))["signature"]
    ends = [
        {name: end["name"].partition(":")[0] for name, end in signature[side].items()} for side in ("inputs", "outputs")
    ]
    return Converted(folder, ends[0], ends[1], float(said["seconds"]))


def _version(python: str) -> str:
    try:
        asked = "import sys; print('%d.%d' % sys.version_info[:2])"
        return _run([python, "-c", asked], python).strip()
    except (OSError, ConversionError) as err:
        raise InputError(f"there is no Python at {python}") from err


def _run(command: list[str], what: str, seconds: float = _SECONDS) -> str:
    """What a program prints; its last words where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=_environment())
    except subprocess.TimeoutExpired as err:
        raise ConversionError(f"{what} was not done within {seconds:.0f} s") from err
    if done.returncode != 0:
        words = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
        raise ConversionError(f"{what} failed: {' | '.join(words[-3:])[:600]}")
    return done.stdout


def _environment() -> dict[str, Any]:
    """Without what belongs to this process's Python."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
