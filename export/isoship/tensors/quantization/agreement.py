"""How far a quantized graph agrees with the model on the user's own sample, and whether that is within the budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.errors import ConversionError, SampleError
from isoship.tensors.contract import Arrays
from isoship_edge.manifest import Output

Answers = Callable[[Arrays], dict[str, np.ndarray[Any, Any]]]

#: MLPerf Inference takes a quantized model from 99 % of the float32 model's quality.
DEFAULT_BUDGET = 0.99


@dataclass(frozen=True)
class Agreement:
    """One output's.

    share: of places with the same class or value; of differences, 1 - the largest of them over the largest value.
    """

    output: str
    share: float
    places: int
    kind: str

    def described(self) -> str:
        if self.kind == "difference":
            return f"{self.output}: off by at most {1 - self.share:.3g} of its largest value in {self.places} values"
        return f"{self.output}: the same {self.kind} in {self.share:.4g} of {self.places}"


def agreements(
    outputs: Sequence[Output], calls: Sequence[Arrays], model: Answers, quantized: Answers
) -> tuple[Agreement, ...]:
    """Each output's agreement over the calls."""
    if not calls:
        raise SampleError("--quantize needs a sample of typical calls: ranges and agreement are measured on it")
    pairs = [(model(call), quantized(call)) for call in calls]
    return tuple(_of(output, [(truth[output.name], ours[output.name]) for truth, ours in pairs]) for output in outputs)


def hold(found: Sequence[Agreement], budget: float, how: str) -> None:
    """Raises:
    ConversionError: an output is beyond the budget; the figures of all.
    """
    if not 0 < budget <= 1:
        raise SampleError(
            f"quantize_agreement is {budget}: choose a share above 0 and up to 1, such as {DEFAULT_BUDGET}"
        )
    if any(not one.share >= budget for one in found):  # NaN is beyond, too
        figures = "; ".join(one.described() for one in found)
        raise ConversionError(
            f"the {how} graph does not agree with the model on the sample, so no bundle was written: {figures}."
            f" The budget is {budget:g}. Give a sample that shows more of what the model meets, lower"
            " --quantize-agreement, or leave --quantize"
        )


def _of(output: Output, pairs: Sequence[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]) -> Agreement:
    if output.classes is not None or (_floats(pairs) and all(a.ndim == 2 and a.shape[1] > 1 for a, _ in pairs)):
        same = [truth.argmax(axis=-1) == ours.argmax(axis=-1) for truth, ours in pairs]
        return _share(output, same, "class")
    if not _floats(pairs):
        return _share(output, [np.asarray(truth == ours) for truth, ours in pairs], "value")
    largest = max((float(np.abs(truth).max(initial=0)) for truth, _ in pairs), default=0.0)
    off = [float(np.abs(ours.astype(np.float64) - truth).max(initial=0)) for truth, ours in pairs]
    worst = float(np.max(off))
    share = 1.0 if worst == 0 else 1 - (worst / largest if largest else np.inf)
    return Agreement(output.name, share, sum(truth.size for truth, _ in pairs), "difference")


def _floats(pairs: Sequence[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]) -> bool:
    return all(truth.dtype.kind == "f" for truth, _ in pairs)


def _share(output: Output, same: Sequence[np.ndarray[Any, Any]], kind: str) -> Agreement:
    places = sum(one.size for one in same)
    return Agreement(output.name, sum(int(one.sum()) for one in same) / places if places else 1.0, places, kind)
