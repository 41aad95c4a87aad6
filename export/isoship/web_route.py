"""Which graph web/ of a network has: isoship's own, or the official converter's, where there are both.

A Keras model or SavedModel can go both ways (`isoship setup tfjs`). Both graphs answer the golden calls, both are timed
in TF.js on wasm, and the better one ships: one that agrees, then the faster, then the smaller.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.bundle.core import record_files
from isoship.bundle.npm.package import WebPackage
from isoship.bundle.sums import write_sums
from isoship.bundle.web_tensors import WebNetwork, compiled, described, tfjs_dtype, write_web_tensors
from isoship.errors import (
    ConversionError,
    InputError,
    IsoshipError,
    ParityError,
    RunnerUnavailable,
    UnsupportedModelError,
)
from isoship.parity.runners.contract import Shipped
from isoship.parity.tensors.check import verify_tensors
from isoship.parity.tensors.evidence import read_golden
from isoship.parity.tensors.web_runners import stock_in_node
from isoship.tfjs.emitter import GraphDef
from isoship.tfjs.network import Network, Port
from isoship.tfjs.official import convert, interpreter
from isoship_edge.manifest import read_manifest

if TYPE_CHECKING:
    import onnx

    from isoship.tensors.contract import TensorSource

ROUTES = ("isoship", "tensorflowjs")
#: Times a call is asked of each graph; a difference of less than this share is none.
_ROUNDS, _NOTICED = 15, 0.05
_CORE = ("manifest.json", "golden.json", "golden.bin", "model.onnx")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Candidate:
    """A graph for web/. seconds: of its conversion. milliseconds: the median call on wasm, None where it was not timed.
    wrong: what is wrong with it, empty where it agrees. unasked: why it was not asked, where nothing here runs it."""

    route: str
    web: WebNetwork
    seconds: float
    milliseconds: float | None = None
    size: int = 0
    wrong: str = ""
    unasked: str = ""

    def __str__(self) -> str:
        verdict = f"disagrees ({self.wrong})" if self.wrong else "agrees"
        if not self.wrong and self.unasked:
            verdict = f"not asked ({self.unasked})"
        timed = "" if self.milliseconds is None else f", {self.milliseconds:.2f} ms a call on wasm"
        return f"{self.route}: {verdict}{timed}, {self.size / 1024:,.0f} KiB, converted in {self.seconds:.2f} s"


@contextmanager
def web_graphs(graph: onnx.ModelProto, source: TensorSource, route: str | None, say: Say) -> Iterator[list[Candidate]]:
    """The candidates for web/, as long as the block lasts; nothing of them is checked yet.

    route: one of ROUTES, None for all that there are.

    Raises:
        InputError: the official converter is asked for, and is not here or does not take such models.
        UnsupportedModelError: no route carries the model; of the compiler's own.
    """
    save = getattr(source, "saved_model", None)
    if route not in (None, *ROUTES):
        raise InputError(f"tfjs_route is {route!r}: choose from {', '.join(ROUTES)}")
    if route == "tensorflowjs" and save is None:
        raise InputError(
            "--tfjs-route tensorflowjs takes Keras models and SavedModels as they are: the official converter reads"
            " nothing else. Leave it out"
        )
    if route == "tensorflowjs" and interpreter() is None:
        raise InputError("the official converter is not here: isoship setup tfjs")
    found: list[Candidate] = []
    refusal: UnsupportedModelError | None = None
    if route != "tensorflowjs":
        started = time.perf_counter()
        try:
            found.append(Candidate("isoship", compiled(graph, source.signature, source.outputs), 0.0))
            found[0] = replace(found[0], seconds=time.perf_counter() - started)
        except UnsupportedModelError as err:
            refusal = err
    with tempfile.TemporaryDirectory(prefix="isoship-route-") as place:
        if route != "isoship" and save is not None and interpreter() is not None:
            say("converting with the official converter, too")
            try:
                found.append(_official(source, save, Path(place)))
            except (ConversionError, UnsupportedModelError) as err:
                if route == "tensorflowjs":
                    raise
                say(f"web: the official converter: {err}")
        if not found:
            raise refusal or ConversionError("no converter carries this model to the browser")
        yield found


def _official(source: TensorSource, save: Callable[[Path], Any], place: Path) -> Candidate:
    inputs, outputs = save(place / "saved")
    started = time.perf_counter()
    made = convert(place / "saved", place / "web")
    seconds = time.perf_counter() - started
    network = Network(GraphDef(), _ports(source.signature.inputs, inputs, made.inputs),
                      _ports(source.outputs, outputs, made.outputs), ())  # fmt: skip
    web = described(network, source.signature, source.outputs)
    return Candidate("tensorflowjs", replace(web, files=made.folder), seconds)


def _ports(ends: Sequence[Any], names: Mapping[str, str], nodes: Mapping[str, str]) -> tuple[Port, ...]:
    found = []
    for end in ends:
        node = nodes.get(names.get(end.name, end.name))
        if node is None:
            raise UnsupportedModelError(f"{end.name!r}", "the official converter's graph has nothing of that name", "")
        found.append(Port(end.name, node, end.dtype, tfjs_dtype(end.dtype), tuple(end.shape)))
    return tuple(found)


def chosen(candidates: Sequence[Candidate], aside: Path, source: TensorSource, say: Say) -> WebNetwork:
    """The one that ships. aside: the folder of the bundle that is being written, with its manifest and golden calls.

    Raises:
        ParityError: none agrees with the model.
    """
    if len(candidates) == 1:
        return candidates[0].web
    with tempfile.TemporaryDirectory(prefix="isoship-route-") as place:
        held = [_held(each, aside, Path(place) / each.route, source) for each in candidates]
        timed = _timed(held, Path(place))
    for each in timed:
        say(f"web: {each}")
    right = [each for each in timed if not each.wrong]
    if not right:
        raise ParityError("no converter's graph answers as the model: " + "; ".join(str(each) for each in timed), None)
    best = min(right, key=_order(right))
    say(f"web: ships the graph of {best.route} (--tfjs-route names one)")
    return best.web


def write_web_of(bundle: Path, web: WebNetwork, package: WebPackage | None = None) -> tuple[str, ...]:
    """Writes web/ of a bundle whose core is there; the names of its files. The manifest, which every target carries,
    comes to speak of them before anything else copies it."""
    files = write_web_tensors(bundle / "web", bundle, web, package=package or WebPackage())
    record_files(bundle, [f"web/{name}" for name in files])
    shutil.copyfile(bundle / "manifest.json", bundle / "web" / "manifest.json")
    return files


def _order(right: Sequence[Candidate]) -> Callable[[Candidate], tuple[int, int]]:
    """The faster where one is noticed to be, else the smaller."""
    times = [each.milliseconds for each in right if each.milliseconds is not None]
    least = min(times, default=0.0)

    def order(each: Candidate) -> tuple[int, int]:
        slow = each.milliseconds is not None and each.milliseconds > least * (1 + _NOTICED)
        return int(slow), each.size

    return order


def _held(candidate: Candidate, aside: Path, place: Path, source: TensorSource) -> Candidate:
    """A candidate with what the export's own check says of it, in a folder of its own."""
    place.mkdir(parents=True)
    for path in aside.iterdir():
        if path.name in _CORE or path.suffix == ".data":
            shutil.copyfile(path, place / path.name)
    files = write_web_of(place, candidate.web)
    write_sums(place)  # of a folder without them no program is run
    size = sum((place / "web" / name).stat().st_size for name in files if name == "model.json" or "shard" in name)
    try:
        report = verify_tensors(place, source, targets=("web",))
    except IsoshipError as err:
        return replace(candidate, size=size, wrong=str(err)[:200])
    # `files` speaks of whole bundles
    told = [v for v in report.verdicts if v.name != "files"]
    bad = [v for v in told if v.status not in ("agree", "unavailable", "differs")]
    unasked = [v.message for v in told if v.target == "web" and v.status == "unavailable"]
    wrong = f"{bad[0].name}: {bad[0].status}" if bad else ""
    return replace(candidate, size=size, wrong=wrong, unasked=unasked[0] if unasked else "")


def _timed(candidates: Sequence[Candidate], place: Path) -> list[Candidate]:
    """The median of golden calls on wasm in Node, by turns; without Node nothing is timed."""
    runners, times = [], {each.route: [] for each in candidates}  # type: ignore[var-annotated]
    try:
        for each in candidates:
            folder = place / each.route
            shipped = Shipped(folder, read_manifest(folder), ("web",))
            runner = stock_in_node("wasm")
            runners.append(runner)
            runner.prepare(shipped)
        calls = [call.inputs for call in read_golden(shipped).calls][:3]
        for turn in range(_ROUNDS):
            for each, runner in zip(candidates, runners, strict=True):
                started = time.perf_counter()
                runner.infer_tensors(calls[turn % len(calls)])
                times[each.route].append(1000 * (time.perf_counter() - started))
    except (RunnerUnavailable, IsoshipError):
        return list(candidates)
    finally:
        for runner in runners:
            runner.close()
    return [replace(each, milliseconds=statistics.median(times[each.route][3:])) for each in candidates]
