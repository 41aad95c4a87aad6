"""`make bench-neural`: the C program answers as ONNX Runtime does, and networks are of the sizes stated."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks/ is no part of the distribution

from benchmarks.neural.contestants import COMPILERS, Contestant, compiled, library
from benchmarks.neural.graphs import INPUT, OUTPUT, digits_cnn, mobilenet_v2

needs_a_compiler = pytest.mark.skipif(not any(map(shutil.which, COMPILERS)), reason="no C compiler is here")


@needs_a_compiler
def test_the_c_program_answers_as_the_python_binding(tmp_path: Path) -> None:
    """Batches of other sizes follow one another in one process."""
    network = digits_cnn()
    model, program = network.written(tmp_path), compiled(tmp_path)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    words = [program, library(), model, INPUT, "99", "10", *map(str, network.shape)]
    one = Contestant("C program", words, network, max(os.sched_getaffinity(0)))
    try:
        for batch, calls in ((1, 5), (3, 2), (2, 1)):
            pictures = network.pictures(batch)
            taken, logits = one.timed(pictures, calls)
            np.testing.assert_allclose(logits, session.run([OUTPUT], {INPUT: pictures})[0], rtol=1e-5, atol=1e-5)
            assert len(taken) == calls
            assert all(500 < nanoseconds < 10**9 for nanoseconds in taken)
    finally:
        one.close()


@needs_a_compiler
def test_a_program_that_ends_is_told(tmp_path: Path) -> None:
    network = digits_cnn()
    words = [compiled(tmp_path), library(), tmp_path / "missing.onnx", INPUT, "99", "10", "1", "8", "8"]
    one = Contestant("C program", words, network, max(os.sched_getaffinity(0)))
    with pytest.raises(RuntimeError, match="C program ended with exit code 1"):
        one.timed(network.pictures(1), 1)
    one.close()


def test_the_networks_are_of_the_sizes_that_are_stated() -> None:
    """Weights, as the papers and examples count them."""
    counts = {}
    for network in (digits_cnn(), mobilenet_v2()):
        counts[network.name] = sum(int(np.prod(tensor.dims)) for tensor in network.model.graph.initializer)
    assert counts["digits CNN"] == 38_282
    assert 3_400_000 < counts["MobileNetV2-shaped 96x96"] < 3_600_000
