"""What is in lambda/ and lambda.zip, and what is not."""

from __future__ import annotations

import marshal
import re
import struct
import subprocess
import zipfile
from pathlib import Path

import pytest
from lambda_directory import Built

from bundles import make_bundle
from isoship.bundle.aws_lambda import directory as aws_lambda
from isoship.bundle.aws_lambda.directory import write_lambda
from isoship.bundle.bytecode import bytecode_of
from isoship.bundle.interpreters import find_interpreter
from isoship.bundle.target import target_of
from isoship.bundle.wheels import fetch as wheels
from isoship.bundle.wheels.fetch import WheelsUnavailable, read_pins
from isoship.errors import BundleError


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_it_holds_the_model_the_packages_and_one_library(built: Built) -> None:
    held = files(built.build.folder)
    for name in ("manifest.json", "model.onnx", "golden.json"):
        assert (built.build.folder / name).read_bytes() == (built.root / name).read_bytes()
    assert {"isoship_edge/http/api.py", "isoship_lambda/handler.py", "fastapi/__init__.py"} <= set(held)
    assert [name for name in held if name.startswith("lib/")] == [
        f"lib/{built.build.target.arch}/libonnxruntime.so.{aws_lambda.onnxruntime_pin().version}"
    ]
    assert target_of(built.build.folder) == built.build.target


def test_nothing_that_is_not_used_travels(built: Built) -> None:
    unwanted = [
        name
        for name in files(built.build.folder)
        if name.endswith((".pyi", "py.typed", ".dist-info/RECORD"))
        or "/tests/" in name
        or name.split("/")[0] in ("numpy", "onnxruntime", "idna", "awslambdaric", "isoship")
        or (".dist-info/" in name and not name.startswith("opentelemetry_api-"))
    ]  # fmt: skip
    assert unwanted == []


def test_every_package_from_a_wheel_brings_its_licence(built: Built) -> None:
    for pin in read_pins():
        assert any((built.build.folder / "licenses" / pin.name).iterdir()), pin


def test_every_module_has_bytecode_of_the_target_and_no_other(built: Built) -> None:
    if find_interpreter(built.build.target.python) is None:
        assert built.build.bytecode == bytecode_of(built.build.folder) == "none"
        assert any("without bytecode" in line for line in built.said)
        return
    python = built.build.target.python
    assert built.build.bytecode == bytecode_of(built.build.folder) == python
    modules = {name for name in files(built.build.folder) if name.endswith(".py")}
    gathered = built.build.folder / "isoship_lambda" / f"modules.cpython-{python.replace('.', '')}"
    content = gathered.read_bytes()
    index = marshal.loads(content[8 : 8 + int.from_bytes(content[4:8], "little")])
    held = {f"{name.replace('.', '/')}{'/__init__' * package}.py" for name, (_, _, package) in index.items()}
    assert modules - held == {"isoship_lambda/__init__.py"}
    assert len(held - modules) == 0 < 100 < len(held)
    # Nothing of this machine stands in it.
    assert not [p for p in (gathered, *built.build.folder.rglob("*.pyc")) if str(built.root).encode() in p.read_bytes()]


def test_sizes_are_right_printed_and_within_lambdas_limits(built: Built) -> None:
    assert built.build.unzipped == sum(p.stat().st_size for p in built.build.folder.rglob("*") if p.is_file())
    assert built.build.zipped == built.build.zip.stat().st_size < 50 * 10**6
    assert f"{built.build.unzipped / 1e6:.1f} MB unzipped" in built.said[-1]
    assert f"lambda.zip {built.build.zipped / 1e6:.1f} MB" in built.said[-1]


def test_template_and_samconfig_lie_beside_the_zip(built: Built) -> None:
    assert re.search(r"CodeUri: (&\w+ )?lambda\.zip$", (built.root / "template.yaml").read_text(), re.MULTILINE)
    assert f"Runtime=python{built.build.target.python} " in (built.root / "samconfig.toml").read_text()


def test_a_second_export_fetches_nothing_and_gives_the_same_zip(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise AssertionError("pip was started")

    monkeypatch.setattr(wheels, "_download", refuse)
    root = make_bundle(tmp_path / "again", "visits")
    again = write_lambda(root / "lambda", root, python=built.build.target.python, offline=True)
    assert again.zip.read_bytes() == built.build.zip.read_bytes()


def test_the_zip_holds_the_folder(built: Built) -> None:
    with zipfile.ZipFile(built.build.zip) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == files(built.build.folder)


def test_a_library_of_another_architecture_stops_the_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = aws_lambda.copy_packages

    def copy_and_spoil(folder: Path, packages: tuple[str, ...]) -> None:
        copy(folder, packages)
        (folder / "isoship_edge" / "fast.so").write_bytes(b"\x7fELF\2\1" + bytes(10) + struct.pack("<HH", 3, 183))

    monkeypatch.setattr(aws_lambda, "copy_packages", copy_and_spoil)
    root = make_bundle(tmp_path / "bundle", "visits")
    with pytest.raises(BundleError, match=r"isoship_edge/fast\.so is for aarch64, and this folder is for x86_64"):
        write_lambda(root / "lambda", root, offline=True)
    assert not (root / "lambda.zip").exists()


def test_offline_with_an_empty_cache_is_refused_without_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOSHIP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(subprocess, "Popen", None)
    root = make_bundle(tmp_path / "bundle", "visits")
    with pytest.raises(WheelsUnavailable, match=r"--offline, and the cache .* lacks annotated-doc==.*fastapi=="):
        write_lambda(root / "lambda", root, offline=True)
    assert not (root / "lambda.zip").exists()
    assert not (tmp_path / "cache").exists()


def test_a_bundle_beyond_lambdas_limit_is_an_image_unless_a_zip_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws_lambda, "MAX_UNZIPPED", 10 * 2**20)
    monkeypatch.setattr(aws_lambda, "compiled_modules", lambda *_args: None)
    root = make_bundle(tmp_path / "bundle", "visits")
    with pytest.raises(BundleError, match="and Lambda takes 10 MB in a zip: a container image holds it"):
        write_lambda(root / "lambda", root, package="zip", offline=True)
    root = make_bundle(tmp_path / "image", "visits")
    build = write_lambda(root / "lambda", root, offline=True)
    assert build.image is not None
    assert (build.zip, build.zipped) == (None, None)
    assert (root / "Dockerfile").is_file()
    assert not (root / "lambda.zip").exists()
    assert build.image.tag in (root / "template.yaml").read_text()
