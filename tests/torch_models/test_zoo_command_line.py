"""Each network of the zoo as a user has it, a .pt2 file and a call of it: `isoship export`, `check` and `bench`.

With `-s` the figures are printed, a line of a table for each.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from zoo import ZOO, network

HEAD = (
    "network", "weights", "model.onnx MiB", "lambda.zip MiB", "export s", "check", "calls", "check s", "tolerance",
    "largest error", "cold ms", "1 call ms", "batch of 32 ms", "peak MiB", "Lambda MB", "GB-s a million",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def head() -> None:
    print("\n| " + " | ".join(HEAD) + " |\n" + "|---" * len(HEAD) + "|")


def saved(name: str, folder: Path) -> tuple[Path, Path, int]:
    """model.pt2, a file with a call, and how many weights the network has."""
    module, sample, dynamic = network(name)
    anything = torch.export.Dim.DYNAMIC
    axes = next(iter(dynamic.values())) if dynamic else {0: "batch"}
    program = torch.export.export(module, (sample,), dynamic_shapes=(dict.fromkeys(axes, anything),))
    path = folder / f"{re.sub('[^a-z0-9]+', '-', name.lower())}.pt2"
    torch.export.save(program, path)
    (asked,) = program.graph_signature.user_inputs
    np.savez(folder / "calls.npz", **{asked: sample.numpy()})
    return path, folder / "calls.npz", sum(weight.numel() for weight in module.parameters())


def run(*arguments: object) -> tuple[dict[str, Any], float]:
    """The document that a command prints with --json, and the seconds that it took."""
    program = Path(sys.executable).with_name("isoship")
    began = time.monotonic()
    ran = subprocess.run(
        [program, *map(str, arguments), "--json"], capture_output=True, text=True, timeout=1500, check=False
    )
    assert ran.returncode == 0, f"{arguments}\n{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
    document: dict[str, Any] = json.loads(ran.stdout)
    return document, time.monotonic() - began


def test_a_mask_that_leaves_nothing_is_refused_by_its_node(tmp_path: Path) -> None:
    """Of a text without a word torch's program makes numbers, and its exporter's graph NaN."""
    model, calls, _ = saved("text encoder", tmp_path)
    program = Path(sys.executable).with_name("isoship")
    command = [program, "export", model, "--sample", calls, "-o", tmp_path / "bundle"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 2
    assert "encoder.layers.0.self_attn (MultiheadAttention)" in ran.stderr
    assert "node 'node_scaled_dot_product_attention'" in ran.stderr
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("name", [name for name in ZOO if name != "text encoder"])
def test_a_file_is_exported_checked_and_measured(name: str, tmp_path: Path) -> None:
    model, calls, weights = saved(name, tmp_path)
    exported, seconds = run("export", model, "--sample", calls, "-o", tmp_path / "bundle")
    assert exported["targets"] == ["lambda", "edge"]
    checked, checking = run("check", tmp_path / "bundle", "--model", model, "--sample", calls)
    assert (checked["ok"], checked["evidence"], checked["unproven"]) == (True, "source", [])
    shipped = [v for v in checked["verdicts"] if v["target"] in ("model", "lambda", "edge")]
    assert {v["status"] for v in shipped} <= {"agree", "differs"}, checked["headline"]
    measured, _ = run("bench", tmp_path / "bundle", "--seconds", 2)
    forms = {one["form"]: one for one in measured["forms"]}
    assert {one["status"] for one in forms.values()} == {"measured"}
    assert list(forms) == ["python", "edge", "lambda"]
    assert measured["batch_rows"] == 32
    python, on_lambda = forms["python"], measured["lambda"]
    tolerance = max(shipped, key=lambda v: v["allowed"])
    line = (
        name,
        f"{weights:,}",
        f"{exported['sizes']['model.onnx'] / 2**20:.1f}",
        f"{exported['sizes']['lambda.zip'] / 2**20:.1f}",
        f"{seconds:.0f}",
        f"{sum(v['status'] == 'agree' for v in shipped)} agree",
        str(tolerance["rows"]),
        f"{checking:.0f}",
        f"{tolerance['allowed']:.1e}",
        f"{max(v['max_abs'] for v in shipped):.1e}",
        " / ".join(f"{one['cold_start']['wall_ms']['median']:.0f}" for one in forms.values()),
        " / ".join(f"{one['one']['median_ms']:.3g}" for one in forms.values()),
        " / ".join(f"{one['batch']['median_ms']:.3g}" for one in forms.values()),
        f"{python['peak_bytes'] / 2**20:.0f}",
        str(on_lambda["memory_mb"]),
        f"{on_lambda['gb_seconds_per_million']:,.0f}",
    )  # fmt: skip
    print("\n| " + " | ".join(line) + " |")
