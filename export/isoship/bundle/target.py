"""A platform that compiled files are made for, and the check that they really are.

A Lambda function with libraries of the wrong architecture deploys "successfully" and answers every call with 502
(aws-sam-cli issue 3349), so every ELF file of a bundle is asked for its own `e_machine`.
"""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.tags import Tag, compatible_tags, cpython_tags

from isoship.errors import BundleError

#: System V ABI, ELF header: e_machine at offset 18, two bytes in the file's byte order.
E_MACHINE = {"x86_64": 62, "aarch64": 183}
MACHINES = {number: arch for arch, number in E_MACHINE.items()}
_AWS_NAMES = {"x86_64": "x86_64", "aarch64": "arm64"}
_EXTENSION = re.compile(r"\.cpython-3(\d+)-(x86_64|aarch64)-linux-gnu\.so$")


@dataclass(frozen=True)
class Target:
    """python: "3.12" and so on; arch: "x86_64" or "aarch64" (Lambda's name "arm64" is understood)."""

    python: str
    arch: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"3\.\d+", self.python):
            raise BundleError(f"python {self.python!r} is no minor version such as 3.13")
        arch = "aarch64" if self.arch == "arm64" else self.arch
        if arch not in E_MACHINE:
            raise BundleError(f"architecture {self.arch!r} is unknown: choose x86_64 or arm64 (aarch64)")
        object.__setattr__(self, "arch", arch)

    @property
    def tag(self) -> str:
        """The interpreter's wheel tag: cp313."""
        return "cp" + self.python.replace(".", "")

    @property
    def aws_arch(self) -> str:
        """The architecture as Lambda writes it."""
        return _AWS_NAMES[self.arch]

    @property
    def platforms(self) -> tuple[str, ...]:
        """Every platform tag pip must be told: it does not infer older manylinux levels from newer ones."""
        levels = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")
        return tuple(f"{level}_{self.arch}" for level in levels)

    def tags(self) -> frozenset[Tag]:
        """The tags of the wheels that it takes (PyPA, platform compatibility tags), as pip reckons them."""
        version = [int(part) for part in self.python.split(".")]
        own = cpython_tags(version, [self.tag], self.platforms)
        return frozenset((*own, *compatible_tags(version, self.tag, self.platforms)))

    def __str__(self) -> str:
        return f"python{self.python} {self.aws_arch}"


def running_target() -> Target | None:
    """This interpreter on this machine, or None where Linux wheels do not run."""
    machine = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    if sys.platform != "linux" or machine not in E_MACHINE:
        return None
    return Target(f"{sys.version_info.major}.{sys.version_info.minor}", machine)


def target_of(folder: Path) -> Target:
    """The target that a lambda folder was built for, read from its extension modules' names.

    Raises:
        BundleError: it holds no extension module, or several targets'.
    """
    found = {(m[1], m[2]) for f in folder.rglob("*.so") if (m := _EXTENSION.search(f.name))}
    if len(found) != 1:
        seen = ", ".join(sorted(f"3.{minor} {arch}" for minor, arch in found)) or "none"
        raise BundleError(f"{folder} should hold extension modules of one Python and architecture; found {seen}")
    minor, arch = found.pop()
    return Target(f"3.{minor}", arch)


def elf_machine(path: Path) -> str | None:
    """The architecture of an ELF file, `e_machine <n>` for one that we do not ship, None for any other file."""
    with path.open("rb") as file:
        header = file.read(20)
    if header[:4] != b"\x7fELF":
        return None
    if len(header) < 20 or header[5] not in (1, 2):
        return "a damaged ELF header"
    number = int.from_bytes(header[18:20], "little" if header[5] == 1 else "big")
    return MACHINES.get(number, f"e_machine {number}")


def check_architecture(folder: Path, arch: str) -> None:
    """Every ELF file below `folder` is for `arch`.

    Raises:
        BundleError: one is not; its path, what it is for, and what was expected.
    """
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        machine = elf_machine(path)
        if machine is not None and machine != arch:
            raise BundleError(
                f"{path.relative_to(folder)} is for {machine}, and this folder is for {arch}:"
                " empty the wheel cache (isoship.bundle.wheels.fetch.wheel_cache()) and export again"
            )
