"""The golden calls, replayed where a bundle landed: does this copy, on this machine, answer as the source model did?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoship_edge.errors import InferenceError, InputError
from isoship_edge.inference.agreement import compared
from isoship_edge.inference.selftest import Selftest
from isoship_edge.inference.tensor import Tensor, values
from isoship_edge.tensors.contract import index_of, shown
from isoship_edge.tensors.golden import read_golden

if TYPE_CHECKING:
    from isoship_edge.manifest import Manifest, Output, Tolerance
    from isoship_edge.tensors.model import TensorModel


def selftest(model: TensorModel) -> Selftest:
    """Compares the digests of the files once more, then replays the calls; `rows` are calls.

    Raises:
        DamagedFile: a file is not the one that was exported. BundleError: there are no golden calls.
    """
    model.check_files()
    asks, refused = read_golden(model.folder, model.manifest)
    worst, wrong = 0.0, None
    for place, ask in enumerate(asks):
        try:
            made = model.infer(ask.inputs)
        except (InputError, InferenceError) as err:
            wrong = wrong or f"call {place} ({ask.kind}) is not answered: {err}"
            continue
        for output in model.manifest.outputs:
            got, want = made[output.name], ask.outputs[output.name]
            size, difference = differing(output, tolerance_of(model.manifest, output.name), got, want)
            worst = max(worst, size)
            if difference is not None and wrong is None:
                wrong = f"call {place} ({ask.kind}), {output.name}{difference}"
    for one in refused:
        try:
            model.infer(one.inputs)
        except InputError as err:
            if one.input is not None and err.input != one.input and wrong is None:
                wrong = f"a call is refused for {err.input!r} that the model refuses for {one.input!r}"
        except InferenceError as err:
            wrong = wrong or f"a call fails that the model refuses: {one.why} in {one.input!r}: {err}"
        else:
            wrong = wrong or f"a call is answered that the model refuses: {one.why} in {one.input!r}"
    return Selftest(wrong is None, len(asks) + len(refused), worst, 0, wrong)


def tolerance_of(manifest: Manifest, name: str) -> Tolerance | None:
    """The one that a tensor has: its precision is the graph's."""
    return next(iter(manifest.tolerances.get(name, {}).values()), None)


def differing(output: Output, tolerance: Tolerance | None, got: Tensor, want: Tensor) -> tuple[float, str | None]:
    """The largest |difference| of a number, and in words the first value that does not agree."""
    if (got.dtype, got.shape) != (want.dtype, want.shape):
        return 0.0, f": expected {want.dtype} {shown(want.shape)}, got {got.dtype} {shown(got.shape)}"
    if got.data == want.data:
        return 0.0, None
    worst, wrong = 0.0, None
    for place, (a, b) in enumerate(zip(values(got), values(want), strict=True)):
        size, fits = compared(output, tolerance, a, b)
        worst = max(worst, size)
        if not fits and wrong is None:
            wrong = f" at {index_of(place, got.shape)}: expected {b!r}, got {a!r}"
    return worst, wrong
