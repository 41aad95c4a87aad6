"""What the other variants import: packages as `pip install --target` leaves them, installed once and kept.

The versions are those of our own pins and of this environment, so that the same releases are compared.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from isoship.bundle.deterministic_zip import write_zip
from isoship.bundle.runtime_files import folder_bytes
from isoship.bundle.target import Target
from isoship.bundle.wheels.fetch import read_pins
from isoship.bundle.wheels.native import onnxruntime_pin

Say = Callable[[str], None]


def requirements() -> dict[str, tuple[str, ...]]:
    """Stack -> what pip is asked for; it resolves the rest."""
    pins = {pin.name: str(pin) for pin in read_pins()}
    web = (pins["fastapi"], pins["mangum"])
    runtime = str(onnxruntime_pin())
    learned = tuple(f"{name}=={version(name)}" for name in ("scikit-learn", "joblib"))
    return {"onnxruntime": (runtime,), "onnxruntime-web": (runtime, *web), "sklearn-web": (*learned, *web)}


def install(root: Path, name: str, target: Target, interpreter: Path, say: Say) -> dict[str, Path]:
    """Folders {"sources", "bytecode"} of a stack: the second is the first with bytecode that is never checked."""
    wanted = " ".join((*requirements()[name], str(target)))
    folder = root / name
    folders = {"sources": folder / "sources", "bytecode": folder / "bytecode"}
    done = folder / "installed.txt"
    if done.is_file() and done.read_text() == wanted:
        return folders
    shutil.rmtree(folder, ignore_errors=True)
    say(f"installing {name}: {wanted} (once)")
    platforms = [word for platform in target.platforms for word in ("--platform", platform)]
    subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-compile",
            "--only-binary=:all:", *platforms, "--implementation", "cp", "--python-version", target.python,
            "--target", folders["sources"], *requirements()[name],
        ],
        check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    say(f"compiling {name} (once)")
    shutil.copytree(folders["sources"], folders["bytecode"], copy_function=os.link)
    compiling = ["-I", "-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash"]
    # Its exit code is 1 where a package holds a module for another Python, as test data does.
    subprocess.run([str(interpreter), *compiling, folders["bytecode"]], check=False, stdout=subprocess.DEVNULL)
    done.write_text(wanted)
    return folders


def sizes(folder: Path, say: Say) -> dict[str, int]:
    """Bytes of the folder and of its zip, packed once and kept beside it."""
    kept = folder.with_name(f"{folder.name}.sizes.json")
    if kept.is_file():
        found: dict[str, int] = json.loads(kept.read_text())
        return found
    say(f"packing {folder.parent.name} with {folder.name} (once)")
    archive = folder.with_name(f"{folder.name}.zip")
    made = {"unzipped": folder_bytes(folder), "zip": write_zip(folder, archive)}
    archive.unlink()
    kept.write_text(json.dumps(made))
    return made


def versions(folder: Path) -> dict[str, str]:
    """Distribution -> version, of what pip resolved."""
    found = (path.name.removesuffix(".dist-info").rsplit("-", 1) for path in sorted(folder.glob("*.dist-info")))
    return {name: release for name, release in found}  # noqa: C416
