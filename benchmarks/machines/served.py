"""edge/run on another machine: the self-test, a file of rows, POST /predict and the Open Inference Protocol V2."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machines.examine import Asked, silent
from benchmarks.machines.machines import Machine
from isoship.parity.runners.edge import EdgeRunner
from isoship.parity.runners.http_client import HttpModel
from isoship.parity.runners.predictions import arrays_from_predictions
from isoship.parity.runners.process import Process, free_port, plain_environment
from isoship.parity.trial import try_runner
from isoship.sources.contract import Row
from isoship_edge.manifest import Manifest
from isoship_edge.tensors.signature import DATATYPES

#: Golden rows that are asked each way.
_ROWS = 30
_WAIT = 300.0


def served(asked: Asked, machine: Machine) -> dict[str, Any]:
    """What `__main__` sums up, as JSON.

    backend: what answers there. golden: whether the self-test passed. ways: whether one row has the same bits by a
    file, by POST /predict and by V2, alone and among others. status: the verdict of the check's runtime `edge` on all
    rows and on those that must be refused, with its message.
    """
    manifest, python = asked.shipped.manifest, str(machine.python)
    run = asked.shipped.folder / "edge" / "run"
    environment = plain_environment(PYTHONDONTWRITEBYTECODE="1", ISOSHIP_PYTHON=python)
    rows = [row for row in asked.case.rows if all(_is_json(value) for value in row.values())][:_ROWS]
    selftest = json.loads(_answered([run, "selftest", "--json"], environment))
    file = asked.shipped.folder.parent / f"rows of {machine.name}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    names = [output.name for output in manifest.outputs]
    lines = [json.loads(line) for line in _answered([run, "predict", file], environment).splitlines()]
    by_file = arrays_from_predictions([{name: line[name] for name in names} for line in lines], manifest.outputs)
    same = all(_is_same(by_file, other) for other in _over_http(run, environment, rows, manifest))
    verdict = try_runner(EdgeRunner(ISOSHIP_PYTHON=python), asked.shipped, asked.case, silent)
    return {
        "backend": selftest.get("backend"),
        "golden": selftest["ok"],
        "ways": same,
        "status": verdict.status,
        "message": verdict.message,
        "rows": verdict.rows,
    }


def _over_http(run: Path, environment: dict[str, str], rows: list[Row], manifest: Manifest) -> list[dict[str, Any]]:
    """The answers to the rows: in one request, one by one, by V2."""
    port = free_port()
    process = Process(
        [run, "serve", "--host", "127.0.0.1", "--port", str(port)], environment=environment, name="edge/run serve"
    )
    try:
        model = HttpModel(process, port, timeout=_WAIT)
        model.wait(_WAIT)
        together = model.predict(rows)
        alone = [prediction for row in rows for prediction in model.predict([row])]
        body = json.dumps({"inputs": _tensors(rows, manifest)}).encode()
        path, headers = f"/v2/models/{manifest.name}/infer", {"content-type": "application/json"}
        status, _, payload = model.post(path, body, headers)
        if status != 200:
            raise SystemExit(f"{path} answered {status}: {payload[:300]!r}")
    finally:
        process.end()
    outputs = {output["name"]: output for output in json.loads(payload)["outputs"]}
    by_v2 = {
        name: np.array(output["data"], object if output["datatype"] == "BYTES" else None).reshape(output["shape"])
        for name, output in outputs.items()
    }
    return [arrays_from_predictions(made, manifest.outputs) for made in (together, alone)] + [by_v2]


def _tensors(rows: list[Row], manifest: Manifest) -> list[dict[str, Any]]:
    """One a column, [N, 1]; null is missing."""
    return [
        {
            "name": column.tensor,
            "shape": [len(rows), 1],
            "datatype": DATATYPES[column.dtype],
            "data": [row[column.name] for row in rows],
        }
        for column in manifest.signature.columns
    ]


def _is_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Both, to the bit: numbers as their shortest repr, zeros with their sign."""
    return one.keys() == other.keys() and all(
        [repr(x) for x in one[name].ravel().tolist()] == [repr(x) for x in other[name].ravel().tolist()] for name in one
    )


def _is_json(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _answered(command: list[Any], environment: dict[str, str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_WAIT, env=environment)
    if done.returncode not in (0, 1) or not done.stdout:
        raise SystemExit(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout
