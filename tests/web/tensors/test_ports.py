"""Integers that TensorFlow.js is fed: JavaScript's limit and that of the check are one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from node_script import run_node

from isoship.parity.tensors.ports import TfjsPort, TfjsPorts

#: The largest integer that is fed.
MOST = 2**24


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint32", "uint64", "int16", "uint8"])
def test_integers_are_fed_up_to_what_every_backend_holds(digits: Path, dtype: str) -> None:
    port = {"name": "x", "dtype": dtype, "node": "x", "tfjs": "int32"}
    ends = np.iinfo(dtype)
    most, least = min(MOST, int(ends.max)), max(-MOST, int(ends.min))
    beyond = [end for end in (most + 1, least - 1) if ends.min <= end <= ends.max]
    jobs: list[Any] = [[port, {"shape": [2], "data": [0, value]}] for value in (most, least, *beyond)]
    held, lowest, *refused = run_node(Path(__file__).with_name("ports.mjs"), str(digits / "web"), stdin=jobs)
    assert (held, lowest) == ([0, most], [0, least])
    for value, said in zip(beyond, refused, strict=True):
        assert said.startswith('input "x" at [1]: expected an integer from ')
        assert said.endswith(f", as TensorFlow.js holds them, got a number {value}")
    ports = TfjsPorts((TfjsPort(**port),), (), ("cpu",))
    values = [(value, True) for value in (most, least)] + [(value, False) for value in beyond]
    assert [ports.holds({"x": np.array([0, value], dtype)}) for value, _ in values] == [taken for _, taken in values]
