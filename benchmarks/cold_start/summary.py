"""The figures of a run, its table and its bars."""

from __future__ import annotations

import statistics
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.cold_start.measure import Start
from benchmarks.cold_start.variants import (
    BEFORE_FASTAPI,
    ECHO,
    FASTAPI,
    FLOOR,
    NAIVE_ORT,
    NAIVE_SKLEARN,
    OURS,
    SOURCES,
)
from benchmarks.results import Bar

#: (what, numerator, denominator, sense): ratios of CPU time to the first answer, where both variants were started.
RATIOS = (
    ("ours, times the empty handler", OURS, ECHO, "<="),
    ("ours, times the C-API floor", OURS, FLOOR, "<="),
    ("through FastAPI, times that of the release before", FASTAPI, BEFORE_FASTAPI, "<="),
    ("onnxruntime + FastAPI + Mangum without bytecode, times ours", NAIVE_ORT + SOURCES, OURS, ">="),
    ("scikit-learn + FastAPI + Mangum without bytecode, times ours", NAIVE_SKLEARN + SOURCES, OURS, ">="),
)
#: What every model is held to (issues 5 and 17), and above it what one is.
_LIMITS = dict(zip((what for what, *_ in RATIOS), (1.3, 0.78, 0.85, 11.0, 35.0), strict=True))
_FOREST = "forest of 100 trees"
_OWN_LIMITS = {(_FOREST, "ours, times the C-API floor"): 0.58}
_WARM_LIMITS = {_FOREST: 1.25}
ZIP_MB = 16.0
PEAK_MB = 25.0
#: What of lambda.zip is the user's model.
_MODEL = ("model.onnx", "manifest.json", "golden.json", "rows.json", "rows.bin")


def figures(starts: Mapping[str, Sequence[Start]], sizes: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """Variant -> median and minimum of wall and CPU, peak memory, zip size."""
    made = {}
    for name, each in starts.items():
        wall, cpu = [start.wall_ms for start in each], [start.cpu_ms for start in each]
        made[name] = {
            "cpu_ms": statistics.median(cpu), "cpu_ms_minimum": min(cpu),
            "wall_ms": statistics.median(wall), "wall_ms_minimum": min(wall),
            "peak_mb": statistics.median(start.peak_mb for start in each), "zip_mb": sizes[name] / 1e6,
        }  # fmt: skip
    return {name: {key: round(value, 2) for key, value in one.items()} for name, one in made.items()}


def ratios(starts: Mapping[str, Sequence[Start]]) -> dict[str, float]:
    """Those of RATIOS whose variants were started."""
    pairs = {what: (one, other) for what, one, other, _ in RATIOS if one in starts and other in starts}
    return {what: round(ratio(starts, *pair), 3) for what, pair in pairs.items()}


def ratio(starts: Mapping[str, Sequence[Start]], numerator: str, denominator: str) -> float:
    """The median of the rounds' own ratios of CPU time: both of one round saw the same machine."""
    pairs = zip(starts[numerator], starts[denominator], strict=True)
    return statistics.median(one.cpu_ms / other.cpu_ms for one, other in pairs)


def beside_the_model(archive: Path) -> float:
    """MB (a million bytes) of lambda.zip without the user's model, manifest and golden rows."""
    with zipfile.ZipFile(archive) as read:
        own = sum(i.compress_size for i in read.infolist() if i.filename.partition(".")[0] + "." in _STEMS)
    return (archive.stat().st_size - own) / 1e6


def bars(models: Mapping[str, Mapping[str, Any]]) -> list[Bar]:
    """Every bar, of every model measured."""
    made = []
    for model, one in models.items():
        for what, _, _, sense in RATIOS:
            if what in one["ratios"]:
                limit = _OWN_LIMITS.get((model, what), _LIMITS[what])
                made.append(Bar(f"{model}: {what} (CPU)", one["ratios"][what], limit, sense))
        made.append(Bar(f"{model}: peak memory, MB", one["variants"][OURS]["peak_mb"], PEAK_MB, "<="))
        made.append(Bar(f"{model}: lambda.zip beside the model, MB", one["zip_mb_beside_model"], ZIP_MB, "<="))
        if FLOOR in one["warm"]:
            times = one["warm"][OURS]["median_ms"] / one["warm"][FLOOR]["median_ms"]
            limit = _WARM_LIMITS.get(model, 1.0)
            made.append(Bar(f"{model}: warm, one row, times the C-API floor", round(times, 3), limit, "<="))
    return made


def table(model: str, one: Mapping[str, Any]) -> str:
    """What is printed for one model."""
    head = f"{model:45}{'CPU ms':>16}{'wall ms':>16}{'peak MB':>9}{'zip MB':>8}{'CPU, ours = 1':>15}"
    lines = [head]
    ours = one["variants"][OURS]["cpu_ms"]
    for name, at in one["variants"].items():
        cpu, wall = (
            f"{at['cpu_ms']:.0f} ({at['cpu_ms_minimum']:.0f})",
            f"{at['wall_ms']:.0f} ({at['wall_ms_minimum']:.0f})",
        )
        lines.append(
            f"  {name:43}{cpu:>16}{wall:>16}{at['peak_mb']:>9.0f}{at['zip_mb']:>8.1f}{at['cpu_ms'] / ours:>15.2f}"
        )
    for name, at in one["warm"].items():
        lines.append(f"  warm, {name:37}{at['cpu_ms']:>16.3f}{at['median_ms']:>16.3f}")
    return "\n".join(lines)


_STEMS = {name.partition(".")[0] + "." for name in _MODEL}
