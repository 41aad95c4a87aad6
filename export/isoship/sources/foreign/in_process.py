"""The other side of `process.py`, run by path under any interpreter that has numpy: `python in_process.py PROGRAM`.

A message is the length of a JSON document (8 bytes, little endian), the document, the length of an .npz archive, and
the archive. Nothing is unpickled on either side; strings are arrays of numpy's own text.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import sys
from typing import IO, Any

import numpy as np


def write_message(to: IO[bytes], document: dict[str, Any], arrays: dict[str, np.ndarray[Any, Any]]) -> None:
    archive = io.BytesIO()
    np.savez(archive, allow_pickle=False, **{f"a{i}": array for i, array in enumerate(arrays.values())})
    for part in (json.dumps({"document": document, "names": list(arrays)}).encode(), archive.getvalue()):
        to.write(len(part).to_bytes(8, "little"))
        to.write(part)
    to.flush()


def read_message(source: IO[bytes]) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """Raises:
    EOFError: the other side ended.
    """
    head, body = (_exactly(source, int.from_bytes(_exactly(source, 8), "little")) for _ in range(2))
    whole = json.loads(head)
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        return whole["document"], {name: archive[f"a{i}"] for i, name in enumerate(whole["names"])}


def _exactly(source: IO[bytes], size: int) -> bytes:
    parts = []
    while size:
        part = source.read(min(size, 2**24))
        if not part:
            raise EOFError("the other side ended")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _serve(program: str) -> None:
    # Libraries print to stdout as they please: messages keep the pipe, prints go to stderr.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    spec = importlib.util.spec_from_file_location("program", program)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    while True:
        try:
            request, arrays = read_message(sys.stdin.buffer)
        except EOFError:
            return
        answered: dict[str, Any] = {}
        try:
            reply, answered = module.answer(request, arrays)
        except ValueError as err:
            reply = {"refused": f"{err}"}
        except Exception as err:  # noqa: BLE001  # whatever a library raises is told to the other side
            reply = {"failed": f"{type(err).__name__}: {err}"}
        write_message(replies, reply, answered)


if __name__ == "__main__":
    _serve(sys.argv[1])
