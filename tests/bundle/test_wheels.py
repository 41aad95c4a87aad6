"""Fetching is tried with real pip, against a folder on disk as its index: no network."""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import subprocess
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from isoship.bundle.target import Target
from isoship.bundle.wheels import fetch as wheels
from isoship.bundle.wheels.fetch import (
    Pin,
    WheelsUnavailable,
    cached_wheel,
    fetch_library_wheel,
    fetch_wheels,
    read_pins,
)
from isoship.bundle.wheels.native import onnxruntime_pin

TARGET = Target("3.13", "x86_64")
TINY = Pin("tiny.package", "1.0")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ISOSHIP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "wheels"


@pytest.fixture
def index(make_wheel: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    wheel = make_wheel("tiny_package-1.0-cp313-cp313-manylinux_2_17_x86_64.whl", {"tiny.py": b"x = 1\n"})
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    return wheel.parent


def forbid_subprocesses(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)


def test_pins_are_exact_and_hold_what_travels() -> None:
    names = {pin.name for pin in read_pins()}
    assert {"fastapi", "mangum", "pydantic-core", "onnxruntime", "opentelemetry-api"} <= names
    assert names.isdisjoint(pin.name for pin in read_pins("pins_runtime_client.txt"))
    assert all(pin.version[0].isdigit() for pin in read_pins())


def test_the_second_call_starts_no_program(cache: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    first = fetch_wheels([TINY], TARGET, progress=said.append)
    assert first["tiny.package"].read_bytes() == next(index.iterdir()).read_bytes()
    assert said[0].startswith("fetching 1 wheels for python3.13 x86_64")
    assert "tiny_package-1.0-cp313" in said[1]

    forbid_subprocesses(monkeypatch)
    said.clear()
    assert fetch_wheels([TINY], TARGET, offline=True, progress=said.append) == first
    assert said == []


def test_another_target_does_not_get_this_ones_wheels(cache: Path, index: Path) -> None:
    fetch_wheels([TINY], TARGET)
    with pytest.raises(WheelsUnavailable, match=r"no wheel for python3\.12 x86_64"):
        fetch_wheels([TINY], Target("3.12", "x86_64"))
    with pytest.raises(WheelsUnavailable, match=r"no wheel for python3\.13 arm64"):
        fetch_wheels([TINY], Target("3.13", "arm64"))


def test_offline_names_what_is_missing_and_the_command(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_subprocesses(monkeypatch)
    with pytest.raises(WheelsUnavailable) as refused:
        fetch_wheels([TINY, Pin("other", "2")], TARGET, offline=True)
    message = str(refused.value)
    assert "lacks tiny.package==1.0, other==2" in message
    assert "python -m pip download" in message
    assert not cache.exists()


def test_nothing_half_written_when_one_of_two_is_not_there(cache: Path, index: Path) -> None:
    with pytest.raises(WheelsUnavailable, match=r"absent==9"):
        fetch_wheels([TINY, Pin("absent", "9")], TARGET)
    assert list((cache / "cp313-x86_64").iterdir()) == []


def test_an_index_that_cannot_be_reached_is_said_so(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # the discard port: nothing listens
    monkeypatch.setenv("PIP_RETRIES", "1")
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    with pytest.raises(WheelsUnavailable, match=r"could not reach its package index.*tiny\.package==1\.0"):
        fetch_wheels([TINY], TARGET)


def test_a_missing_pip_is_said_so(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pip" else find(name))
    with pytest.raises(WheelsUnavailable, match="-m ensurepip"):
        fetch_wheels([TINY], TARGET)


def test_two_exports_at_once_share_the_cache(cache: Path, index: Path) -> None:
    found: list[Path] = []
    threads = [
        threading.Thread(target=lambda: found.append(fetch_wheels([TINY], TARGET)["tiny.package"])) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 2
    assert found[0] == found[1]
    assert zipfile.ZipFile(found[0]).testzip() is None
    assert [p.name for p in (cache / "cp313-x86_64").iterdir()] == [found[0].name]


def test_a_library_wheel_of_any_python_serves(cache: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = fetch_library_wheel(TINY, "x86_64")
    forbid_subprocesses(monkeypatch)
    assert fetch_library_wheel(TINY, "x86_64", python="3.12", offline=True) == wheel


def test_names_and_versions_are_compared_as_the_index_does(tmp_path: Path) -> None:
    (tmp_path / "Tiny_Package-1.0-py3-none-any.whl").touch()
    assert cached_wheel(TINY, tmp_path) is not None
    assert cached_wheel(Pin("tiny-package", "1"), tmp_path) is not None, "the same release by PEP 440"
    assert cached_wheel(Pin("tiny-package", "1.0.1"), tmp_path) is None
    assert cached_wheel(Pin("tiny", "1.0"), tmp_path) is None


def test_a_file_that_is_no_wheel_is_passed_over(tmp_path: Path) -> None:
    for name in ("a.whl", "tiny.package.whl", "tiny.package-1.0.whl", "tiny.package-one-py3-none-any.whl"):
        (tmp_path / name).touch()
    assert cached_wheel(TINY, tmp_path) is None


@pytest.mark.parametrize(
    ("tag", "taken"),
    [
        ("cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64", True),
        ("cp313-cp313-manylinux_2_27_x86_64.manylinux_2_28_x86_64", True),
        ("cp39-abi3-manylinux_2_17_x86_64", True),
        ("py2.py3-none-any", True),
        ("cp312-cp312-manylinux_2_17_x86_64", False),
        ("cp313-cp313t-manylinux_2_17_x86_64", False),
        ("cp314-abi3-manylinux_2_17_x86_64", False),
        ("cp313-cp313-manylinux_2_34_x86_64", False),
        ("cp313-cp313-manylinux_2_17_aarch64", False),
        ("cp313-cp313-musllinux_1_2_x86_64", False),
        ("py2-none-any", False),
    ],
)
def test_a_wheel_of_another_machine_in_the_folder_is_none(tag: str, taken: bool, cache: Path) -> None:
    """Someone copied it there: it would land on Lambda and fail at its first import."""
    folder = cache / "cp313-x86_64"
    folder.mkdir(parents=True)
    (folder / f"tiny_package-1.0-{tag}.whl").touch()
    if taken:
        assert fetch_wheels([TINY], TARGET, offline=True)["tiny.package"].parent == folder
    else:
        with pytest.raises(WheelsUnavailable, match=r"lacks tiny\.package==1\.0"):
            fetch_wheels([TINY], TARGET, offline=True)


def test_onnxruntimes_c_library_is_the_same_in_every_pythons_wheel() -> None:
    """What lets one wheel an architecture serve every Python: the cached wheel's against the installed package's."""
    import onnxruntime

    pin = onnxruntime_pin()
    if onnxruntime.__version__ != pin.version:
        pytest.fail(f"pins.txt has onnxruntime {pin.version}, the lock has {onnxruntime.__version__}")
    installed = Path(onnxruntime.__file__).parent / "capi" / f"libonnxruntime.so.{pin.version}"
    wheel = fetch_library_wheel(pin, platform.machine(), offline=True)
    with zipfile.ZipFile(wheel) as archive:
        shipped = archive.read(f"onnxruntime/capi/{installed.name}")
    assert hashlib.sha256(shipped).digest() == hashlib.sha256(installed.read_bytes()).digest()
    assert "cp311" not in wheel.name, "otherwise it is compared with itself"


def test_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ISOSHIP_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert wheels.wheel_cache() == tmp_path / "isoship" / "wheels"
    monkeypatch.setenv("ISOSHIP_CACHE", str(tmp_path / "mine"))
    assert wheels.wheel_cache() == tmp_path / "mine" / "wheels"
