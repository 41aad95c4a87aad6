"""SHA256SUMS: what a folder that travels lists of itself, in the form that `sha256sum -c SHA256SUMS` reads.

`edge/run` holds its folder against the list before it answers: 30 MB, most of them ONNX Runtime's library, take OpenSSL
35 ms of processor time at each start. The other architectures' libraries and the licences, which
nothing here uses, are left out.
"""

from __future__ import annotations

from pathlib import Path

from isoship_edge.digests import WAY_OUT, check_file
from isoship_edge.errors import DamagedFile

NAME = "SHA256SUMS"


def check_folder(folder: Path, *, machine: str) -> None:
    """Every listed file that this machine uses; in its folder under lib/, whose library is taken by name, no other.

    A folder without the list, of an older export, passes.

    Raises:
        DamagedFile: the first one that is not the one that was written.
    """
    try:
        lines = (folder / NAME).read_bytes().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return
    listed = {name: digest for digest, gap, name in (line.partition("  ") for line in lines) if gap}
    if len(listed) != len(lines) or not listed:
        raise DamagedFile(f"{folder / NAME} is damaged. {WAY_OUT}")
    for name, digest in listed.items():
        if _is_used(name, machine):
            check_file(folder / name, digest, by=NAME)
    library = folder / "lib" / machine
    foreign = sorted(p for p in library.glob("*") if p.relative_to(folder).as_posix() not in listed)
    if foreign:
        raise DamagedFile(f"{foreign[0]} was not written by the export. {WAY_OUT}")


def _is_used(name: str, machine: str) -> bool:
    first, _, rest = name.partition("/")
    return first != "licenses" and (first != "lib" or rest.partition("/")[0] == machine)
