from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from isoship.bundle.interpreters import find_interpreter

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    find_interpreter.cache_clear()
    yield
    find_interpreter.cache_clear()


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No pyenv, no uv, an empty PATH folder."""
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "")
    return tmp_path


def fake(path: Path, version: str, prints: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {prints or 'cpython ' + version.replace('.', ' ') + ' False'}\n")
    path.chmod(0o755)
    return path


def test_the_running_interpreter_is_found() -> None:
    assert find_interpreter(RUNNING) == Path(sys.executable)


def test_path_comes_before_pyenv_and_pyenv_before_uv(elsewhere: Path) -> None:
    uv = fake(elsewhere / "UV_PYTHON_INSTALL_DIR" / "cpython-3.77.1-linux" / "bin" / "python3.77", "3.77")
    assert find_interpreter("3.77") == uv
    find_interpreter.cache_clear()
    pyenv = fake(elsewhere / "PYENV_ROOT" / "versions" / "3.77.0" / "bin" / "python3.77", "3.77")
    assert find_interpreter("3.77") == pyenv
    find_interpreter.cache_clear()
    on_path = fake(elsewhere / "python3.77", "3.77")
    assert find_interpreter("3.77") == on_path


def test_a_shim_that_works_here_stands_for_the_interpreter_behind_it(elsewhere: Path) -> None:
    """In the clean environment of a check the shim itself would find no version."""
    real = fake(elsewhere / "versions" / "3.77.0" / "bin" / "python3.77", "3.77")
    fake(elsewhere / "python3.77", "3.77", f"'cpython 3 77 False\n{real}'")
    assert find_interpreter("3.77") == real


def test_pyenvs_shim_is_asked_after_the_installs_themselves(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shims = elsewhere / "PYENV_ROOT" / "shims"
    monkeypatch.setenv("PATH", str(shims))
    mine = fake(elsewhere / "PYENV_ROOT" / "versions" / "mine" / "bin" / "python3.77", "3.77")
    fake(shims / "python3.77", "3.77", f"'cpython 3 77 False\n{mine}'")
    assert find_interpreter("3.77") == mine
    find_interpreter.cache_clear()
    install = fake(elsewhere / "PYENV_ROOT" / "versions" / "3.77.0" / "bin" / "python3.77", "3.77")
    assert find_interpreter("3.77") == install


@pytest.mark.parametrize("prints", ["cpython 3 76 False", "pypy 3 77 False", "cpython 3 77 True", "not found"])
def test_a_shim_another_version_pypy_and_free_threaded_builds_are_passed_over(elsewhere: Path, prints: str) -> None:
    fake(elsewhere / "python3.77", "3.77", prints)
    assert find_interpreter("3.77") is None
