"""Planted faults in networks: where, in which base, and asked of which runtimes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.mutants import manifest_faults as manifest
from benchmarks.mutants import network_faults as faults
from benchmarks.mutants.tree_faults import Plant

#: `onnxruntime` counts bits where the source is an ONNX file; `python` knows the stated tolerance alone.
RUNTIMES = ("onnxruntime", "python")


def planted() -> list[tuple[str, str, Plant]]:
    """(name, base, plant)."""
    return [*_images(), *_texts(), *_bytes(), *_contracts()]


def _images() -> list[tuple[str, str, Plant]]:
    weight, attributes, graph = faults.weight, faults.attributes, faults.graph
    found: dict[str, Plant] = {
        "input channels swapped": weight("k1", "channels 0 and 1 of the input", faults.swapped(1)),
        "output channels swapped": weight("k2", "channels 0 and 1 of the output", faults.swapped(0)),
        "a kernel transposed": weight("k1", "height and width", lambda k: k.swapaxes(2, 3)),
        "a kernel turned round": weight("k2", "convolution for correlation", lambda k: k[:, :, ::-1, ::-1]),
        "a bias dropped": faults.without_input("conv2", 2),
        "padding on the wrong side": attributes("conv1", pads=[2, 2, 0, 0]),
        "padding that repeats the edge": attributes("pad1", mode="edge"),
        "Pad folded into MaxPool": graph("-inf for 0", faults.pad_into_pool),
        "average for maximum": graph("pool1: AveragePool", faults.average_for_maximum),
        "batch norm's epsilon": attributes("norm1", epsilon=1e-5),
        "batch norm's mean and variance swapped": graph("norm1", _swapped_statistics),
        "activation's slope": attributes("act1", alpha=0.01),
        "float16 weights": weight("k2", "rounded to float16", faults.half_precision),
        "float16 in between": faults.through("m1", "m1 through float16", *faults.HALF),
        "a weight's last bit": weight("w", "one ulp", faults.last_bit),
        "a convolution's last bit": weight("k1", "one ulp", faults.last_bit),
        "dilation forgotten": attributes("conv2", dilations=[1, 1], pads=[1, 1, 1, 1]),
        "resize: corners aligned": attributes("resize2", coordinate_transformation_mode="align_corners"),
        "resize: asymmetric": attributes("resize2", coordinate_transformation_mode="asymmetric"),
        "resize: nearest": attributes("resize2", mode="nearest"),
        "a slice off by one": graph("crop2", _off_by_one),
        "channels last before Flatten": graph("flatten", faults.transposed_before_flatten),
        "softmax over the batch": attributes("softmax", axis=0),
        "two classes swapped": graph("w and b", _classes_swapped),
        "logits a millionth too large": graph("logits * (1 + 1e-6)", faults.scaled_output),
    }
    return [(name, "net-image", plant) for name, plant in found.items()]


def _texts() -> list[tuple[str, str, Plant]]:
    weight, attributes = faults.weight, faults.attributes
    backwards: Callable[[Any], Any] = faults.swapped(0)
    found: dict[str, Plant] = {
        "LSTM directions swapped": weight("wr", "forwards and backwards", backwards),
        "LSTM reads one way twice": weight("wi", "backwards is forwards", lambda w: np.stack([w[0], w[0]])),
        "LSTM gates in another order": weight("wi", "i f c o for i o f c", faults.gates_reordered),
        "LSTM bias dropped": faults.without_input("lstm", 3),
        "LSTM recurrent bias dropped": weight("wb", "second half 0", _half_zero),
        "embedding off by one": weight("table", "rolled", lambda t: np.roll(t, 1, axis=0)),
        "a rare token's row": weight("table", "row 10 is 0", _row_zero),
        "a rare token's last bit": weight("table", "row 10, one ulp", faults.last_bit_at(10)),
        "layer norm's epsilon": attributes("norm", epsilon=1e-3),
        "best of the lowest": faults.graph("ArgMin", _lowest),
    }
    return [(name, "net-text", plant) for name, plant in found.items()]


def _bytes() -> list[tuple[str, str, Plant]]:
    found: dict[str, Plant] = {
        "a cast truncates": faults.graph("Round dropped", faults.truncated),
        "GELU by tanh": faults.attributes("act1", approximate="tanh"),
        "1/256 for 1/255": faults.weight("step", "1/256", lambda _step: np.array(1 / 256)),
        "levels held at 254": faults.weight("high", "254", lambda _high: np.array(254.0)),
        "pixels in float16": faults.through("scaled", "scaled through float16", *faults.HALF),
    }
    return [(name, "net-bytes", plant) for name, plant in found.items()]


def _contracts() -> list[tuple[str, str, Plant]]:
    def of_input(number: int, **fields: Any) -> Callable[[Any], None]:
        return lambda document: document["signature"]["inputs"][number].update(fields)

    return [
        ("NaN allowed", "net-image", manifest.manifest("image", of_input(0, nan=True, infinity=True))),
        ("a token beyond the table allowed", "net-text", manifest.manifest("tokens", of_input(0, maximum=11))),
        ("the last token refused", "net-text", manifest.manifest("tokens", of_input(0, maximum=9))),
        ("golden answer of a network edited", "net-image", manifest.golden_bytes_edited),
        (
            "a network's tolerance widened",
            "net-image",
            manifest.manifest("probabilities", manifest.tensor_tolerance_widened),
        ),
    ]


def _swapped_statistics(canonical: Any) -> None:
    mean, var = canonical.constant("mean"), canonical.constant("var")
    canonical.set_constant("mean", var)
    canonical.set_constant("var", np.abs(mean))


def _off_by_one(canonical: Any) -> None:
    canonical.set_constant("starts", np.array([0, 0]))
    canonical.set_constant("ends", np.array([4, 5]))


def _classes_swapped(canonical: Any) -> None:
    for name, axis in (("w", 1), ("b", 0)):
        canonical.set_constant(name, np.ascontiguousarray(faults.swapped(axis)(canonical.constant(name))))


def _half_zero(array: Any) -> Any:
    array[:, array.shape[1] // 2 :] = 0
    return array


def _row_zero(array: Any) -> Any:
    array[10] = 0
    return array


def _lowest(canonical: Any) -> None:
    faults.named(canonical, "best").op_type = "ArgMin"
