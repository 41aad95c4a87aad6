"""schemathesis over /openapi.json of real servers: every documented request, what breaks it, and every answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from servers import edge_server, uvicorn_server

SERVERS = {"edge": edge_server, "uvicorn": uvicorn_server}

ROOT = Path(__file__).resolve().parents[2]
#: ISOSHIP_FUZZ=100 draws more, and walks through every boundary of every schema, which takes longer.
MORE = os.environ.get("ISOSHIP_FUZZ")
PHASES = "examples,coverage,fuzzing" if MORE else "examples,fuzzing"
#: JSON Schema cannot say that a tensor's data has its shape's size and all tensors one number of rows: a request to
#: infer may fit the schema and be refused.
CONFIG = """
[[operations]]
include-path-regex = "/infer$"
checks.positive_data_acceptance.enabled = false
"""


@pytest.mark.parametrize("server", SERVERS)
def test_the_server_does_what_its_openapi_document_says(server: str, visits: Path, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    with SERVERS[server](visits) as url:
        ran = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"), "--config-file", config, "run", f"{url}/openapi.json",
                "--phases", PHASES, "--max-examples", MORE or "5", "--seed", "1", "--no-color",
                "--exclude-path-regex", "^/v2/models/visits/versions/",  # the same again
                "--generation-database", "none", "--suppress-health-check", "all",
            ],
            capture_output=True, text=True, timeout=None if MORE else 300, cwd=tmp_path,
            # Its tables of Unicode are kept there, and take 10 s to make.
            env={**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(ROOT / ".hypothesis")},
        )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert "Selected: 9/12" in ran.stdout
