"""SHA256SUMS: what `sha256sum` and a check make of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from isoship.bundle import sums
from isoship.errors import BundleError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "model.onnx",
        "manifest.json",
        "edge/lib/aarch64/libonnxruntime.so",
        "web/worker.js",
        "web/ops/a b.js",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    sums.write_sums(tmp_path)
    (tmp_path / "template.yaml").write_text("a user's own change")
    return tmp_path


def test_sha256sum_reads_it_and_finds_what_was_changed(folder: Path) -> None:
    command = ["sha256sum", "--check", "--quiet", "--strict", sums.NAME]
    assert subprocess.run(command, cwd=folder, check=False).returncode == 0
    (folder / "web" / "worker.js").write_text("other")
    assert subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode == 1


def test_every_way_of_being_another_file_is_named_once(folder: Path) -> None:
    assert sums.differences(folder, set()) == []
    (folder / "web" / "worker.js").write_text("other")
    (folder / "edge" / "lib" / "aarch64" / "libonnxruntime.so").unlink()
    (folder / "edge" / "sitecustomize.py").write_text("")
    assert sums.differences(folder, set()) == [
        "changed after the export: web/worker.js",
        "missing: edge/lib/aarch64/libonnxruntime.so",
        "not written by the export: edge/sitecustomize.py",
    ]
    assert len(sums.differences(folder, {"web/worker.js"})) == 2


def test_many_files_are_counted_and_a_few_named(folder: Path) -> None:
    for i in range(9):
        (folder / "web" / f"{i}.js").write_text("")
    (more,) = sums.differences(folder, set())
    assert more == "not written by the export: web/0.js, web/1.js, web/2.js, web/3.js, web/4.js and 4 more"


@pytest.mark.parametrize(("name", "flags", "foreign"), [
    ("edge/__pycache__/server.cpython-313.pyc", 0, False),  # Python holds it against its source
    ("edge/__pycache__/server.cpython-313.pyc", 1, True),  # and this one against nothing
    ("edge/__pycache__/other.cpython-313.pyc", 0, True),
    ("web/__pycache__/worker.js", 0, True),
])  # fmt: skip
def test_only_bytecode_that_python_renews_may_be_left_behind(
    folder: Path, name: str, flags: int, foreign: bool
) -> None:
    (folder / "edge" / "server.py").write_text("")
    sums.write_sums(folder)
    (folder / name).parent.mkdir()
    (folder / name).write_bytes(b"magi" + flags.to_bytes(4, "little") + bytes(8))
    assert sums.differences(folder, set()) == ([f"not written by the export: {name}"] if foreign else [])


def test_links_to_folders_and_pipes_are_foreign_and_nothing_waits_for_them(folder: Path, tmp_path: Path) -> None:
    (folder / "edge" / "onnx").symlink_to(tmp_path)
    os.mkfifo(folder / "web" / "pipe")
    (folder / "web" / "worker.js").unlink()
    os.mkfifo(folder / "web" / "worker.js")
    assert sums.differences(folder, set()) == [
        "cannot be read: web/worker.js",
        "not written by the export: edge/onnx, web/pipe",
    ]


def test_bytecode_that_shipped_may_not_change(folder: Path) -> None:
    (folder / "lambda" / "__pycache__").mkdir(parents=True)
    code = folder / "lambda" / "__pycache__" / "a.cpython-313.pyc"
    code.write_bytes(b"one")
    sums.write_sums(folder)
    code.write_bytes(b"two")
    assert sums.differences(folder, set()) == ["changed after the export: lambda/__pycache__/a.cpython-313.pyc"]


@pytest.mark.parametrize("text", [
    "no line of it\n",
    f"{'0' * 64}  ../../outside\n",
    f"{'0' * 64}  /etc/hostname\n",
    f"{'0' * 64} model.onnx\n",
])  # fmt: skip
def test_a_damaged_or_hostile_list_is_refused(folder: Path, text: str) -> None:
    (folder / sums.NAME).write_text(text)
    with pytest.raises(BundleError, match="damaged"):
        sums.read_sums(folder)
    assert sums.differences(folder, set()) == ["SHA256SUMS is damaged"]


def test_a_missing_list_is_said(folder: Path) -> None:
    (folder / sums.NAME).unlink()
    assert sums.differences(folder, set()) == ["SHA256SUMS is missing: export again"]
