"""Ordinary calls of a network alone, for comparison: numbers of a normal distribution, and any whole ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mutants.catalogue import Mutant

_CALLS = 64
_WHOLE = 11


def ordinary_finds(mutant: Mutant, bundle: Path, graph: Any) -> bool:
    """Whether ordinary calls would have been enough. graph: the model, an ONNX file's."""
    from isoship.parity.runners import open_runner
    from isoship.parity.runners.contract import Shipped
    from isoship.parity.tensors.call import Call
    from isoship.parity.tensors.case import TensorCase
    from isoship.parity.tensors.trial import try_runner
    from isoship.sources.tensor_models import open_tensor_source
    from isoship_edge.manifest import read_manifest

    manifest, source = read_manifest(bundle), open_tensor_source(graph)
    shipped = Shipped(bundle, manifest, tuple(filter(None, manifest.provenance["targets"].split(","))))
    rng = np.random.default_rng(20261130)
    calls = []
    for i in range(_CALLS):
        inputs = {one.name: _drawn(rng, one, 1 + i % 3) for one in source.signature.inputs}
        calls.append(Call("ordinary", inputs, source.answers(inputs), exact=True))
    case = TensorCase(calls, [])
    runners = [open_runner(name, "tensors") for name in mutant.runtimes]
    return any(
        try_runner(one, shipped, case, lambda _message: None).status in ("disagree", "crashed", "hung")
        for one in runners
    )


def _drawn(rng: np.random.Generator, one: Any, count: int) -> np.ndarray[Any, Any]:
    shape = [size if isinstance(size, int) else count for size in one.shape]
    if one.dtype == "float":
        return rng.normal(0, 1, shape).astype(np.float32)
    return rng.integers(0, 256 if one.dtype == "uint8" else _WHOLE, shape).astype(one.dtype)
