"""The bundle's own GatherV2 makes what TF.js's does, on both of the backends where it stands in its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from node_script import HERE, WEB, run_node

#: Shape of x, shape of the indices, axis, batchDims.
_FORMS = [
    ([7], [3, 4], 0, 0),
    ([7], [1, 1], 0, 0),
    ([7, 2], [3, 4], 0, 0),
    ([5, 7], [4], 1, 0),
    ([5, 7], [4], -1, 0),
    ([2, 3, 7, 2], [2, 2], 2, 0),
    ([3, 7], [3, 2], 1, 1),
    ([2, 3, 7, 2], [2, 3, 4], 2, 2),
    ([2, 3, 7, 2], [2, 4], 2, 1),
]


def _cases(outside: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    rng = np.random.default_rng(8)
    made = []
    for dtype in ("int32", "float32", "bool"):
        for shape, of, axis, batch in _FORMS:
            x = rng.integers(0, 2, shape) if dtype == "bool" else rng.integers(-(2**31), 2**31 - 1, shape)
            values = x.ravel() * 0.37 if dtype == "float32" else x.ravel()
            indices = rng.integers(0, 7, of).ravel()
            if outside:
                indices[-1] = outside[len(made) % len(outside)]
            made.append(
                {"x": values.tolist(), "shape": shape, "dtype": dtype, "indices": indices.tolist(), "of": of}
                | {"axis": axis, "batchDims": batch}
            )
    return made


def test_every_form_of_gather_makes_what_tfjs_makes() -> None:
    """TF.js 4.22.0's own on wasm reads other memory where there are batch dimensions; ours makes what its cpu makes."""
    cases = _cases()
    stock, ours = run_node(HERE / "gather.mjs", str(WEB), "cpu", stdin=cases)
    on_wasm, ours_on_wasm = run_node(HERE / "gather.mjs", str(WEB), "wasm", stdin=cases)
    plain = [i for i, case in enumerate(cases) if not case["batchDims"]]
    assert all(isinstance(found, dict) for found in stock)
    assert [on_wasm[i] for i in plain] == [stock[i] for i in plain]
    assert ours == stock
    assert ours_on_wasm == stock


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_an_index_outside_is_refused_as_tfjs_refuses_it(backend: str) -> None:
    stock, ours = run_node(HERE / "gather.mjs", str(WEB), backend, stdin=_cases(outside=(-1, 7)))
    assert all("is not in [0, 6]" in found for found in stock)
    assert ours == stock
