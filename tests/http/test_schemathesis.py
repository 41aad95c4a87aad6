"""schemathesis over /openapi.json of real servers: every documented request, what breaks it, and every answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from servers import edge_server, uvicorn_server

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sources"))

from onnx_graphs import encoder

import isoship
from tensor_bundles import make_tensor_bundle

SERVERS = {"edge": edge_server, "uvicorn": uvicorn_server}

ROOT = Path(__file__).resolve().parents[2]
#: ISOSHIP_FUZZ=100 draws more, and walks through every boundary of every schema, which takes longer.
MORE = os.environ.get("ISOSHIP_FUZZ")
PHASES = "examples,coverage,fuzzing" if MORE else "examples,fuzzing"
#: JSON Schema cannot say that a tensor's data has its shape's size and all tensors one number of rows: a request to
#: infer may fit the schema and be refused. Nor can it say that lists beside each other have one length (ids), that text
#: is a PNG (digits), or that a dimension is of one size in several inputs (mixed).
CONFIG = """
[[operations]]
include-path-regex = "/({})$"
checks.positive_data_acceptance.enabled = false
"""
UNSAID = {"visits": "infer", "ids": "infer|predict", "digits": "infer|predict", "mixed": "infer|predict"}


@pytest.fixture(scope="module")
def bundles(visits: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By name. ids: one input, [N, T] of integers from 0 to 9, and T at most 6."""
    folder = tmp_path_factory.mktemp("tensors")
    tensors = {kind: make_tensor_bundle(folder / kind, kind) for kind in ("digits", "mixed")}
    onnx.save(encoder(), folder / "ids.onnx")
    isoship.export(folder / "ids.onnx", out=folder / "ids", targets=())
    return {"visits": visits, "ids": folder / "ids", **tensors}


@pytest.mark.parametrize("bundle", UNSAID)
@pytest.mark.parametrize("server", SERVERS)
def test_the_server_does_what_its_openapi_document_says(
    server: str, bundle: str, bundles: dict[str, Path], tmp_path: Path
) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG.format(UNSAID[bundle]))
    with SERVERS[server](bundles[bundle]) as url:
        ran = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"), "--config-file", config, "run", f"{url}/openapi.json",
                "--phases", PHASES, "--max-examples", MORE or "5", "--seed", "1", "--no-color",
                "--exclude-path-regex", "^/v2/models/[^/]+/versions/",  # the same again
                "--generation-database", "none", "--suppress-health-check", "all",
            ],
            capture_output=True, text=True, timeout=None if MORE else 300, cwd=tmp_path,
            # Its tables of Unicode are kept there, and take 10 s to make.
            env={**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(ROOT / ".hypothesis")},
        )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert "Selected: 9/12" in ran.stdout
