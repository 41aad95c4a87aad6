"""One mutant on trial: planted, sealed, checked as a user would; and ordinary rows alone, for comparison."""

from __future__ import annotations

import tempfile
import time
import zlib
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mutants.bases import exported, trained
from benchmarks.mutants.catalogue import Mutant, mutants
from benchmarks.mutants.network_trial import ordinary_finds
from benchmarks.mutants.sealing import copied, seal

SEED = 20261121
#: As many rows as the default budget makes.
_ROWS = 1500
_FAULTS = ("disagree", "crashed", "hung")


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant. by: the kinds of row that gave it away, or what else did. ordinary: plain rows did."""

    part: str
    name: str
    base: str
    runtimes: tuple[str, ...]
    planted: str
    detected: bool
    ordinary: bool
    by: dict[str, int] = field(default_factory=dict)
    message: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def catalogue(folder: Path) -> tuple[Mutant, ...]:
    """Every mutant. folder: where the bases lie, or come to lie."""
    return mutants(lambda: exported("newer", folder))


def try_mutant(mutant: Mutant, folder: Path) -> Outcome:
    """folder: where the bases lie, or come to lie."""
    from isoship.errors import IsoshipError
    from isoship.parity.check import check

    started = time.monotonic()
    model, _ = trained(mutant.base, folder)
    base = exported(mutant.base, folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix="mutant-") as place:
        bundle = copied(base, Path(place) / "bundle")
        # the fault of a name is the same whatever else is planted, and in whatever order
        planted = mutant.plant(bundle, np.random.default_rng([SEED, zlib.crc32(mutant.name.encode())]))
        if mutant.sealed:
            seal(bundle)
        by: dict[str, int] = {}
        try:
            report = check(bundle, model=model, runtimes=mutant.runtimes)
        except IsoshipError as err:
            by[f"refused: {type(err).__name__}"] = 1
            message, detected = str(err), True
        else:
            guilty = [v for v in report.verdicts if v.status in _FAULTS]
            absent = [v for v in report.verdicts if v.status == "unavailable"]
            if absent and mutant.sealed:  # of a bundle whose files were changed no program is run: `files` tells them
                raise RuntimeError(f"{mutant.name}: {absent[0].name} does not run here: {absent[0].message}")
            within = report.unit == "calls" and all(v.name in ("files", "onnxruntime") for v in guilty)
            for verdict in guilty:
                if within and verdict.name == "onnxruntime":
                    by["bits"] = 1  # what knows the stated tolerance alone agrees
                else:
                    _count(verdict, by)
            message, detected = "; ".join(v.message for v in guilty), bool(guilty)
        # results are committed: no path of this machine belongs into them
        for where in (bundle, folder, Path(__file__).parents[2]):
            message = message.replace(f"{where}/", "").replace(str(where), where.name)
        ordinary = _ordinary_finds(mutant, bundle, base, folder)
    return Outcome(
        mutant.part, mutant.name, mutant.base, mutant.runtimes, planted, detected, ordinary,
        dict(sorted(by.items(), key=lambda item: -item[1])), message[:600], round(time.monotonic() - started, 1),
    )  # fmt: skip


def _count(verdict: Any, by: dict[str, int]) -> None:
    """Adds up what gave the mutant away: rows of each kind, or what no number expresses."""
    before = sum(by.values())
    for kind, count in verdict.kinds.items():
        if count.flips or count.over:
            by[kind] = by.get(kind, 0) + max(count.flips, count.over)
    if verdict.name == "files":
        by["files"] = 1
    elif verdict.status != "disagree":
        by[verdict.status] = by.get(verdict.status, 0) + 1
    elif verdict.message.startswith("in one batch of"):
        by["one large batch"] = 1
    elif "must be refused" in verdict.message or "is refused for" in verdict.message:
        by["refusals"] = by.get("refusals", 0) + 1
    elif "refuses a row" in verdict.message:
        by["refuses what the model answers"] = 1
    elif sum(by.values()) == before:
        by["names, dtypes, shapes"] = by.get("names, dtypes, shapes", 0) + 1


def _ordinary_finds(mutant: Mutant, bundle: Path, base: Path, folder: Path) -> bool:
    """Whether as many ordinary rows, the user's sample among them, would have been enough."""
    from isoship.parity.runners import open_runner
    from isoship.parity.runners.contract import Shipped
    from isoship.parity.trial import try_runner
    from isoship_edge.manifest import read_manifest

    manifest = read_manifest(bundle)
    if manifest.signature.layout == "tensors":
        return ordinary_finds(mutant, bundle, trained(mutant.base, folder)[0])
    targets = tuple(filter(None, manifest.provenance["targets"].split(",")))
    shipped = Shipped(bundle, manifest, targets)
    case = _ordinary_case(mutant.base, base, folder)
    return any(
        try_runner(open_runner(name), shipped, case, lambda _message: None).status in _FAULTS
        for name in mutant.runtimes
    )


@cache
def _ordinary_case(name: str, base: Path, folder: Path) -> Any:
    """1,500 rows, up to a third of them the sample's, with the model's own answers."""
    import onnx

    from isoship.parity.case import Case
    from isoship.rows.columns import rows_from_sample
    from isoship.rows.reference import ask
    from isoship.rows.structure import column_profiles
    from isoship.rows.values import ordinary_row
    from isoship.sources import open_source
    from isoship_edge.manifest import read_manifest

    model, sample = trained(name, folder)
    manifest = read_manifest(base)
    source = open_source(model, sample=sample, dtypes={c.name: c.dtype for c in manifest.signature.columns})
    profiles = column_profiles(onnx.load(base / "model.onnx"), manifest.signature)
    rng = np.random.default_rng(SEED)
    own = rows_from_sample(sample, manifest.signature)
    rows = [own[i] for i in rng.permutation(len(own))[: _ROWS // 3].tolist()]
    rows += [ordinary_row(profiles, rng) for _ in range(_ROWS - len(rows))]
    asked = ask(source.answers, rows)
    kept = [rows[i] for i in asked.kept]
    return Case(kept, ["ordinary"] * len(kept), asked.answers, [])
