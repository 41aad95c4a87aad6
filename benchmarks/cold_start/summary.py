"""The figures of a run, its table and its bars."""

from __future__ import annotations

import statistics
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.cold_start.measure import Start
from benchmarks.cold_start.variants import BINDING, ECHO, FASTAPI, FLOOR, NAIVE_ORT, NAIVE_SKLEARN, OURS, SOURCES
from benchmarks.results import Bar

#: (what, numerator, denominator, sense, limit): ratios of CPU time to the first answer (issue 5, point 1).
RATIOS = (
    ("ours, times the C-API floor", OURS, FLOOR, "<=", 1.1),
    ("ours, times the `import onnxruntime` floor", OURS, BINDING, "<=", 0.5),
    ("through FastAPI, times the C-API floor", FASTAPI, FLOOR, "<=", 4.6),
    ("onnxruntime + FastAPI + Mangum without bytecode, times ours", NAIVE_ORT + SOURCES, OURS, ">=", 11.0),
    ("scikit-learn + FastAPI + Mangum without bytecode, times ours", NAIVE_SKLEARN + SOURCES, OURS, ">=", 35.0),
)
ZIP_MB = 16.0
WARM_MS = 0.3
#: What of lambda.zip is the user's model.
_MODEL = ("model.onnx", "manifest.json", "golden.json")


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
        made += [
            Bar(f"{model}: {what} (CPU)", one["ratios"][what], limit, sense) for what, _, _, sense, limit in RATIOS
        ]
        made.append(Bar(f"{model}: lambda.zip beside the model, MB", one["zip_mb_beside_model"], ZIP_MB, "<="))
        above = one["warm"][OURS]["median_ms"] - one["warm"][ECHO]["median_ms"]
        made.append(Bar(f"{model}: warm, one row, ms above the echo", round(above, 4), WARM_MS, "<="))
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
