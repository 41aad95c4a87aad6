"""The first answer and a warm row, through the row program and through ONNX Runtime, of two models that cold starts are
measured with: `python -m benchmarks.row_program.first_answer [--rounds 15]`.

Each start is a process of its own on one core, `python -S -E` on the modules that ship, with bytecode: read the
manifest, compare digests, load, read one row by the contract, answer. A process that imports json alone, which AWS's
client has anyway, stands beside them. The rounds take turns. Writes benchmarks/results/row_program_first_answer.json.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.cold_start.models import Case, cases
from isoship.bundle.bytecode import compile_bytecode
from isoship.bundle.interpreters import find_interpreter
from isoship.bundle.runtime_files import copy_packages

PYTHON = "3.13"
WARM = 2000
_PACKAGES = ("scikit-learn", "onnxruntime", "numpy")

_ENDING = """
cpu, wall = time.process_time() * 1e3, (time.perf_counter() - started) * 1e3
with open("/proc/self/status") as file:
    peak = [int(line.split()[1]) for line in file if line.startswith("VmHWM")][0] * 1024 / 1e6
taken = []
for _ in range(WARM):
    began = time.perf_counter()
    answer()
    taken.append(time.perf_counter() - began)
taken.sort()
alone_us = None
if "alone" in globals():
    spent = []
    for _ in range(WARM):
        began = time.perf_counter()
        alone()
        spent.append(time.perf_counter() - began)
    alone_us = sorted(spent)[WARM // 2] * 1e6
shown = {"alone_us": alone_us, "cpu_ms": cpu, "wall_ms": wall, "peak_mb": peak, "warm_us": taken[len(taken) // 2] * 1e6}
shown["ours_ms"] = {name: (b - a) * 1e3 for (_, a), (name, b) in zip(marks, marks[1:])}
print(json.dumps({**shown, "answer": first}))
"""
_HEAD = f"""
import json, sys, time
started = time.perf_counter()
marks = [("start", time.process_time())]
WARM = {WARM}
sys.path.insert(0, sys.argv[1])
folder, row = sys.argv[2], ROW

def mark(name):
    marks.append((name, time.process_time()))
"""
PROGRAMS = {
    "json alone": _HEAD
    + """
first = None
def answer():
    pass
"""
    + _ENDING,
    "row program": _HEAD
    + """
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.manifest import manifest_from_bytes
from isoship_edge.rows import load
mark("import")
path = folder + "/manifest.json"
with open(path, "rb") as file:
    manifest = manifest_from_bytes(file.read(), path)[1]
program = load(folder, manifest.files)
mark("load")

def answer():
    tensors = decode_rows([row], manifest.signature)
    return program({name: tensor.data for name, tensor in tensors.items()})

first = list(answer()["probabilities"].data)
mark("row")
inputs = {name: tensor.data for name, tensor in decode_rows([row], manifest.signature).items()}

def alone():
    return program(inputs)
"""
    + _ENDING,
    "ONNX Runtime": _HEAD
    + """
from isoship_edge.inference.model import load
mark("import")
model = load(folder)
mark("load")

def answer():
    return model.tensors_from_json([row])

first = list(answer()["probabilities"].data)
mark("row")
"""
    + _ENDING,
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(arguments)
    interpreter = find_interpreter(PYTHON)
    if interpreter is None:
        parser.error(f"there is no Python {PYTHON} here")
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as place:
        modules = Path(place) / "modules"
        modules.mkdir()
        copy_packages(modules, ("isoship_edge",))
        compile_bytecode(modules, PYTHON)
        for case in cases():
            folder, row, expected = _exported(case, Path(place))
            runs = _interleaved(interpreter, modules, folder, row, options.rounds)
            figures[case.name] = _summary(runs, expected)
            figures[case.name]["bytes"] = {
                name: (folder / name).stat().st_size
                for name in ("model.onnx", "rows.json", "rows.bin")
                if (folder / name).exists()
            }
            print(_table(case.name, figures[case.name]))
    results.write(
        "row_program_first_answer",
        results.document(results.environment(_PACKAGES) | {"target": PYTHON, "rounds": options.rounds}, figures, []),
    )
    return 0


def _exported(case: Case, place: Path) -> tuple[Path, dict[str, float], list[float]]:
    """The bundle, the row that is asked and the model's own probabilities."""
    import pandas as pd
    from sklearn.datasets import make_classification

    import isoship

    features, target = make_classification(
        5000, case.features, n_informative=case.features // 2, n_classes=case.classes, random_state=0
    )
    names = case.columns if case.named else [f"x{i}" for i in range(case.features)]
    sample = pd.DataFrame(features, columns=list(names)) if case.named else features
    model = case.estimator().fit(sample, target)
    out = place / case.slug
    isoship.export(model, sample=sample, out=out, name=case.slug, targets=())
    return out, dict(zip(names, map(float, features[0]), strict=True)), model.predict_proba(sample[:1])[0].tolist()


def _interleaved(
    interpreter: Path, modules: Path, folder: Path, row: dict[str, float], rounds: int
) -> dict[str, list[dict[str, Any]]]:
    import onnxruntime

    (library,) = (Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so*")
    environment = {"PATH": os.environ["PATH"], "ISOSHIP_ORT_LIBRARY": str(library)}
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in PROGRAMS}
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everywhere)})
    try:
        for _ in range(rounds):
            for name, program in PROGRAMS.items():
                command = [interpreter, "-S", "-E", "-B", "-c", f"ROW = {row!r}\n{program}", modules, folder]
                done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
                if done.returncode:
                    raise RuntimeError(f"{name}: {done.stderr}")
                runs[name].append(json.loads(done.stdout))
    finally:
        os.sched_setaffinity(0, everywhere)
    return runs


def _summary(runs: dict[str, list[dict[str, Any]]], expected: list[float]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, taken in runs.items():
        answer = taken[0]["answer"]
        if answer is not None and max(abs(a - b) for a, b in zip(answer, expected, strict=True)) > 1e-12:
            raise RuntimeError(f"{name} answers {answer} where the model says {expected}")
        made[name] = {
            key: round(statistics.median(one[key] for one in taken), 3)
            for key in ("cpu_ms", "wall_ms", "peak_mb", "warm_us")
        }
        if taken[0]["alone_us"] is not None:
            made[name]["program_us"] = round(statistics.median(one["alone_us"] for one in taken), 3)
        made[name]["least_cpu_ms"] = round(min(one["cpu_ms"] for one in taken), 3)
        steps = taken[0]["ours_ms"]
        made[name]["steps_ms"] = {s: round(statistics.median(one["ours_ms"][s] for one in taken), 3) for s in steps}
        made[name]["same_bits_as_the_model"] = answer is not None and answer == expected
    return made


def _table(model: str, one: dict[str, Any]) -> str:
    lines = [f"{model}: {', '.join(f'{name} {size:,} bytes' for name, size in one['bytes'].items())}"]
    for name in PROGRAMS:
        it = one[name]
        steps = ", ".join(f"{step} {spent:.2f}" for step, spent in it["steps_ms"].items())
        lines.append(
            f"  {name:14} first answer {it['cpu_ms']:6.2f} ms CPU ({steps}), peak {it['peak_mb']:5.1f} MB,"
            f" a warm row {it['warm_us']:6.1f} us"
            + (f" ({it['program_us']:.1f} without reading it)" if "program_us" in it else "")
        )
    return re.sub(r" \(\)", "", "\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
