"""What every bundle of a model of tensors holds: model.onnx, golden.json with golden.bin, and the manifest."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship import __version__
from isoship.errors import ConversionError, InputError, ParityError
from isoship.tensors.asks import asks_for, sizes_for
from isoship.tensors.contract import Arrays, Ask, TensorSource, made_with, sizes_known
from isoship.tensors.golden import GOLDEN, GOLDEN_BYTES, Golden, golden_files
from isoship.tensors.quantization.levels import widened_by_levels
from isoship.tensors.refusals import refused_calls
from isoship.tensors.run import Array, Runs
from isoship.tensors.single_graph import float32_tolerances
from isoship.tensors.tolerances import only, tolerances_for
from isoship_edge.digests import sha256_of
from isoship_edge.manifest import FORMAT, Tolerance, digest_of, output_to_json, sealed, signature_to_json

if TYPE_CHECKING:
    import onnx

#: Kinds of calls that hold values of the user's own.
OF_THE_SAMPLE = ("sample", "sample-like")
#: What golden inputs and answers may take together, and how many are kept whatever they take.
MOST_BYTES, AT_LEAST = 2**20, 3


def write_core(
    folder: Path,
    source: TensorSource,
    graph: onnx.ModelProto,
    *,
    name: str,
    version: str,
    targets: Sequence[str],
    golden: str = "synthetic",
    say: Callable[[str], None],
) -> None:
    """Writes the four files from a source and its canonical graph.

    golden: "sample" copies the user's own calls, which the user must have asked for.

    Raises:
        ParityError: model.onnx answers a call of the sample otherwise than the source.
        InputError: the source refuses one.
    """
    say("making golden inputs")
    found = sizes_known(source) or sizes_for(graph, source.signature, source.samples)
    made = asks_for(graph, source.signature, samples=source.samples, found=found)
    asks, answers = _answered(source, made)
    tolerances = tolerances_for(graph, source.signature, source.outputs, asks, say, found)
    tolerances = widened_by_levels(tolerances, graph, source.outputs, asks)
    if "web" in targets:  # which computes doubles in float32
        for output, held in float32_tolerances(graph, source.outputs, asks).items():
            tolerances[output] = {**tolerances[output], "float32": held}
    hold_samples(source, graph, only(tolerances))
    kept = _kept(asks, answers, golden)
    if golden == "sample":
        say("golden inputs are copied from the sample: they travel in every target")
    model_bytes = graph.SerializeToString(deterministic=True)
    document: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "version": version,
        "signature": signature_to_json(source.signature),
        "outputs": [output_to_json(output) for output in source.outputs],
        "tolerances": {
            output: {precision: held._asdict() for precision, held in by.items()} for output, by in tolerances.items()
        },
        "encoder": None,
        "optimized": _optimized(graph, asks, only(tolerances)),
        "provenance": {
            "isoship": __version__,
            "library": source.library,
            "library_version": source.library_version,
            "estimator": source.estimator,
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            "golden": golden,
            "targets": ",".join(targets),
            **made_with(source),
        },
    }
    document["digest"] = digest_of(hashlib.sha256(model_bytes).hexdigest(), document)
    refused = refused_calls(source.signature, made[0].inputs)
    files = {"model.onnx": model_bytes, **golden_files(document["digest"], source, kept, refused)}
    for file, data in files.items():
        (folder / file).write_bytes(data)
    document["files"] = {file: sha256_of(data) for file, data in files.items()}
    (folder / "manifest.json").write_bytes(sealed(document))


def _optimized(graph: onnx.ModelProto, asks: Sequence[Ask], tolerances: dict[str, Tolerance]) -> bool:
    """Whether ONNX Runtime's own optimization keeps every answer within its tolerance: it makes convolutions two to
    four times as fast. Another processor has other layouts; the golden calls are replayed there."""
    try:
        optimized, plain = Runs(graph, level="shipped"), Runs(graph)
        for ask in asks:
            got, want = optimized(ask.inputs), plain(ask.inputs)
            for name, held in tolerances.items():
                if _first_apart(np.asarray(want[name]), np.asarray(got[name]), held) is not None:
                    return False
    except (ConversionError, InputError):
        return False
    return True


def hold_samples(source: TensorSource, graph: onnx.ModelProto, tolerances: dict[str, Tolerance]) -> None:
    """Holds each call of the user's against what ships: the contract takes it, and model.onnx answers as the source.

    Raises:
        InputError: the source, or the contract, refuses it. ParityError: model.onnx answers otherwise.
    """
    run = Runs(graph)
    for i, call in enumerate(source.samples):
        _hold_contract(source, call, i)
        want, got = source.answers(call), run(call)
        for output in source.outputs:
            held = tolerances[output.name]
            where = _first_apart(want[output.name], np.asarray(got[output.name]), held)
            if where is not None:
                raise ParityError(
                    f"call {i} of the sample, output {output.name!r}{list(where)}: the source answers"
                    f" {want[output.name][where]!r} and model.onnx {got[output.name][where]!r}, which is beyond"
                    f" {held.atol:.2g} + {held.rtol:.2g} of the answer; so no bundle was written"
                )


def _hold_contract(source: TensorSource, call: Arrays, number: int) -> None:
    for one in source.signature.inputs:
        array = call[one.name]
        what = f"call {number} of the sample, input {one.name!r}"
        if array.dtype.kind == "f":
            if not one.nan and np.isnan(array).any():
                raise InputError(f"{what} holds NaN, which this model's contract refuses: runtimes differ in it")
            if not one.infinity and np.isinf(array).any():
                raise InputError(
                    f"{what} holds infinities, which this model's contract refuses: runtimes differ in them"
                )


def _first_apart(want: Array, got: Array, held: Tolerance) -> tuple[int, ...] | None:
    """The place of the first element beyond its tolerance, None where there is none."""
    if want.shape != got.shape:
        return ()
    if want.dtype.kind != "f":
        apart = np.asarray(want != got)
    else:
        with np.errstate(invalid="ignore", over="ignore"):
            error = np.abs(want.astype(np.float64) - got.astype(np.float64))
            apart = ~(
                (error <= held.atol + held.rtol * np.abs(want)) | (want == got) | (np.isnan(want) & np.isnan(got))
            )
    return tuple(int(i) for i in np.argwhere(apart)[0]) if apart.any() else None


def _answered(source: TensorSource, asks: Sequence[Ask]) -> tuple[list[Ask], list[dict[str, Array]]]:
    """The calls that the source itself answers, with its answers; the user's own must be among them."""
    kept, answers = [], []
    for ask in asks:
        try:
            answer = source.answers(ask.inputs)
        except InputError:
            if ask.kind == "sample":
                raise
            continue
        kept.append(ask)
        answers.append(answer)
    if not kept:
        raise InputError(
            "the model settles none of the calls that were made for it: it answers finite numbers with NaN, or float32"
            " otherwise than float64. Give calls as they are made in earnest: --sample calls.npz"
        )
    return kept, answers


def _kept(asks: Sequence[Ask], answers: Sequence[dict[str, Array]], golden: str) -> list[Golden]:
    """The first ones, as far as they are small; and the user's own where golden says so, else none of them."""
    pairs = [Golden(ask, answer) for ask, answer in zip(asks, answers, strict=True)]
    made: list[Golden] = []
    for one in sorted(pairs, key=lambda one: one.ask.kind != "sample"):
        if golden != "sample" and one.ask.kind in OF_THE_SAMPLE:
            continue
        if len(made) < AT_LEAST or sum(each.size for each in made) + one.size <= MOST_BYTES:
            made.append(one)
    return made


__all__ = ["GOLDEN", "GOLDEN_BYTES", "hold_samples", "write_core"]
