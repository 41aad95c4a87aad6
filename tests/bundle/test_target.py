from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

from isoship.bundle.target import Target, check_architecture, elf_machine, target_of
from isoship.errors import BundleError


def elf(machine: int, byte_order: str = "<") -> bytes:
    """The first bytes of a shared library for `machine`."""
    return (
        b"\x7fELF" + bytes([2, 1 if byte_order == "<" else 2]) + bytes(10) + struct.pack(f"{byte_order}HH", 3, machine)
    )


def test_arm64_is_lambdas_name_of_aarch64() -> None:
    assert Target("3.13", "arm64") == Target("3.13", "aarch64")
    assert str(Target("3.13", "aarch64")) == "python3.13 arm64"
    assert Target("3.12", "x86_64").tag == "cp312"


def test_pip_is_told_every_manylinux_level() -> None:
    assert Target("3.13", "arm64").platforms == (
        "manylinux_2_28_aarch64",
        "manylinux_2_27_aarch64",
        "manylinux_2_17_aarch64",
        "manylinux2014_aarch64",
    )


@pytest.mark.parametrize(("python", "arch"), [("3.13", "riscv64"), ("python3.13", "x86_64"), ("3", "x86_64")])
def test_an_unknown_target_is_refused(python: str, arch: str) -> None:
    with pytest.raises(BundleError, match=r"choose x86_64|no minor version"):
        Target(python, arch)


def test_a_library_of_the_wrong_architecture_is_named(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "right.so").write_bytes(elf(62))
    check_architecture(tmp_path, "x86_64")
    # Without a telling name, too: the file is asked, not its suffix.
    (tmp_path / "lib" / "libmodel.data").write_bytes(elf(183))
    with pytest.raises(BundleError, match=r"lib/libmodel\.data is for aarch64, and this folder is for x86_64"):
        check_architecture(tmp_path, "x86_64")


@pytest.mark.parametrize(
    ("content", "machine"),
    [
        (elf(62), "x86_64"),
        (elf(183), "aarch64"),
        (elf(40), "e_machine 40"),
        (elf(62, ">"), "x86_64"),
        (b"\x7fELF", "a damaged ELF header"),
        (b"import sys\n", None),
        (b"", None),
    ],
)
def test_an_elf_header_says_what_it_is_for(tmp_path: Path, content: bytes, machine: str | None) -> None:
    (tmp_path / "file").write_bytes(content)
    assert elf_machine(tmp_path / "file") == machine


def test_the_running_interpreter_is_of_this_machines_architecture() -> None:
    if sys.platform == "linux":
        import platform

        assert elf_machine(Path(sys.executable).resolve()) == platform.machine()


def test_a_folders_target_is_read_from_its_extension_modules(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="found none"):
        target_of(tmp_path)
    (tmp_path / "core.cpython-313-aarch64-linux-gnu.so").touch()
    assert target_of(tmp_path) == Target("3.13", "aarch64")
    (tmp_path / "other.cpython-312-aarch64-linux-gnu.so").touch()
    with pytest.raises(BundleError, match=r"found 3\.12 aarch64, 3\.13 aarch64"):
        target_of(tmp_path)
