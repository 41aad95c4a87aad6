"""The official converter without TensorFlow: its environment, and why a model does not go its way."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from onnx import parser
from sklearn.linear_model import LogisticRegression

import isoship
from isoship.cli import main
from isoship.errors import ConversionError, InputError
from isoship.tfjs.official import convert, environment, interpreter, set_up
from isoship.web_route import web_graphs

GRAPH = """
<ir_version: 10, opset_import: ["" : 21]>
doubled (float[N, 3] x) => (float[N, 3] y) { y = Add(x, x) }
"""


class FromKeras:
    """As much of a Keras model's source as is asked before anything is converted."""

    def saved_model(self, folder: Path) -> None:
        raise AssertionError("without the environment nothing is saved")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the environment would be."""
    monkeypatch.setenv("ISOSHIP_TFJS", str(tmp_path / "environment"))
    return tmp_path / "environment"


def stand_in(path: Path, version: str) -> Path:
    """A Python of another version, as far as it is asked for that."""
    path.write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_where_the_environment_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment() == folder
    monkeypatch.delenv("ISOSHIP_TFJS")
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(folder))
    assert environment() == folder / "isoship" / "tfjs"


def test_half_an_environment_is_none(folder: Path) -> None:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    assert interpreter() is None
    with pytest.raises(ConversionError, match="isoship setup tfjs"):
        convert(folder / "saved", folder / "web")
    (folder / ".complete").touch()
    assert interpreter() == folder / "bin" / "python"


def test_a_folder_that_holds_something_else_stays(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.tex").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="holds something else: name another folder in ISOSHIP_TFJS"):
        set_up(os.fspath(stand_in(folder.parent / "python", "3.12")))
    assert [path.name for path in folder.iterdir()] == ["thesis.tex"]


def test_another_python_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match=r"takes Python 3\.11, 3\.12, 3\.13, and .* is 3\.10"):
        set_up(os.fspath(stand_in(folder.parent / "python", "3.10")))
    with pytest.raises(InputError, match="there is no Python at"):
        set_up(os.fspath(folder / "absent"))
    assert not folder.exists()


def test_what_fails_leaves_nothing(folder: Path) -> None:
    """The stand-in makes no environment: its pip is not there."""
    with pytest.raises((ConversionError, OSError)):
        set_up(os.fspath(stand_in(folder.parent / "python", "3.12")))
    assert not folder.exists()


def test_its_route_without_it_names_the_line() -> None:
    with (
        pytest.raises(InputError, match="the official converter is not here: isoship setup tfjs"),
        web_graphs(parser.parse_model(GRAPH), FromKeras(), "tensorflowjs", print),  # type: ignore[arg-type]
    ):
        pass


def test_what_it_does_not_read_is_said(tmp_path: Path) -> None:
    for targets in (("web",), ("web", "edge")):
        with pytest.raises(InputError, match="takes Keras models and SavedModels"):
            isoship.export(
                parser.parse_model(GRAPH), out=tmp_path / "m", name="m", targets=targets, tfjs_route="tensorflowjs"
            )
    with pytest.raises(InputError, match="choose from isoship, tensorflowjs"):
        isoship.export(parser.parse_model(GRAPH), out=tmp_path / "m", name="m", targets=("web",), tfjs_route="other")
    rows = [[0.0], [1.0]]
    with pytest.raises(InputError, match="reads no estimators"):
        isoship.export(
            LogisticRegression().fit(rows, [0, 1]), sample=rows, out=tmp_path / "m", name="m", tfjs_route="isoship"
        )
    assert not (tmp_path / "m").exists()


def test_the_command_says_what_it_takes() -> None:
    said = CliRunner().invoke(main, ["setup", "tfjs", "--help"])
    assert said.exit_code == 0
    words = " ".join(said.output.split())
    for word in ("2.1 GB", "ISOSHIP_TFJS", "--python"):
        assert word in words
    python = os.fspath(environment() / "absent")
    refused = CliRunner().invoke(main, ["setup", "tfjs", "--python", python])
    assert refused.exit_code == 2
    assert f"there is no Python at {python}" in refused.output
