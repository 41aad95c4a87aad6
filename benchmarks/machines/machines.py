"""The machines: Pythons under .tools/machines that no ONNX Runtime runs on, or another C library than this one's."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Machine:
    """name: of the folder under .tools/machines. what: for the table. made_by: the command that prepares it.

    expected: what its Python says of `platform.machine()` and of the C library.
    """

    name: str
    what: str
    made_by: str
    expected: tuple[str, str]

    def described(self) -> dict[str, str]:
        """For the results."""
        return {"what": self.what, "made by": self.made_by}

    @property
    def python(self) -> Path:
        """What starts its Python; not there before `made_by` ran."""
        return _ROOT / ".tools" / "machines" / self.name / "python"


MACHINES = (
    Machine("armhf", "32-bit ARM, Debian 12, QEMU", "scripts/emulated.sh armhf", ("armv7l", "glibc")),
    Machine("arm64", "64-bit ARM, Debian 12, QEMU", "scripts/emulated.sh arm64", ("aarch64", "glibc")),
    Machine("riscv64", "RISC-V, Debian 13, QEMU", "scripts/emulated.sh riscv64", ("riscv64", "glibc")),
    Machine("s390x", "big-endian, Debian 12, QEMU", "scripts/emulated.sh s390x", ("s390x", "glibc")),
    Machine("musl", "musl, x86-64", "scripts/musl.sh", ("x86_64", "musl")),
)
_ASK = """
import json, platform
with open("/proc/self/maps") as maps:  # platform.libc_ver knows no musl
    libc = "musl" if "musl" in maps.read() else platform.libc_ver()[0]
print(json.dumps([platform.machine(), libc, platform.python_version()]))
"""


def python_of(machine: Machine) -> str:
    """Its Python's version; it is the machine that it is said to be.

    Raises:
        SystemExit: it is not, or is not there.
    """
    if not machine.python.exists():
        raise SystemExit(f"{machine.name} is not prepared: {machine.made_by}")
    asked = subprocess.run(
        [machine.python, "-I", "-S", "-c", _ASK], capture_output=True, text=True, timeout=120, check=True
    )
    *found, version = json.loads(asked.stdout)
    if tuple(found) != machine.expected:
        raise SystemExit(f"{machine.python} is {found}, and not {machine.expected}")
    return str(version)
