"""Programs that are started in somebody else's folder (an unpacked archive, a checkout) import nothing from there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bundles import make_bundle
from isoship.bundle.bundle import Bundle
from isoship.bundle.bytecode import compile_bytecode
from isoship.bundle.target import Target
from isoship.bundle.wheels.fetch import Pin, WheelsUnavailable, fetch_wheels
from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.http import HttpRunner
from isoship.sources.catboost.separate_process import refuse_unless_read

_POISON = "open(__file__ + '.ran', 'w').close()\nraise SystemExit(1)\n"
_NAMES = ("catboost", "isoship_lambda", "json", "numpy", "pip", "py_compile", "tempfile", "uvicorn")


def fetches(folder: Path) -> None:
    with pytest.raises(WheelsUnavailable, match="pip said: ERROR"):
        fetch_wheels([Pin("tiny.package", "1.0")], Target("3.13", "x86_64"))


def serves(folder: Path) -> None:
    bundle = make_bundle(folder / "bundle")
    runner = HttpRunner()
    try:
        runner.prepare(Shipped(bundle, Bundle.open(bundle).manifest, ()))
    finally:
        runner.close()


def tries_a_model_file(folder: Path) -> None:
    refuse_unless_read(folder / "absent.cbm")


def compiles(folder: Path) -> None:
    (folder / "modules").mkdir()
    (folder / "modules" / "a.py").write_text("one = 1\n")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert compile_bytecode(folder / "modules", python, folder / "kept") == python


@pytest.mark.parametrize("starts", [fetches, serves, tries_a_model_file, compiles])
def test_nothing_is_imported_from_the_callers_folder(
    starts: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("ISOSHIP_CACHE", str(tmp_path / "cache"))
    here, work = tmp_path / "here", tmp_path / "work"
    here.mkdir()
    work.mkdir()
    for name in _NAMES:
        (here / f"{name}.py").write_text(_POISON)
    monkeypatch.chdir(here)
    try:
        starts(work)
    finally:
        ran = sorted(path.name for path in here.glob("*.ran"))
    assert ran == []
