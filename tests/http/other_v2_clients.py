"""KServe's and MLServer's clients against every server: `scripts/v2_clients.sh`. `make test` has Triton's.

Neither installs lightly or beside what isoship needs: kserve 0.21 brings Kubernetes, gRPC's compiler and pandas 2
(451 MB), mlserver 1.7 Kafka, gRPC, OpenTelemetry and an older FastAPI (326 MB). Each has an environment under .tools.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from test_v2_clients import ROWS, SERVERS

from bundles import visits_reference

ROOT = Path(__file__).resolve().parents[2]
DATATYPES = {
    "age": "FP64", "income": "FP64", "visits": "INT64", "member": "BOOL", "city": "BYTES", "plan": "BYTES",
}  # fmt: skip


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("client", ["kserve", "mlserver"])
def test_the_client_is_answered(client: str, server: str, visits: Path) -> None:
    rows = [row for row in ROWS if row["age"] is not None]  # JSON has no NaN, and these clients no null
    tensors = [
        {"name": name, "datatype": datatype, "shape": [len(rows), 1], "data": [row[name] for row in rows]}
        for name, datatype in DATATYPES.items()
    ]
    program = Path(__file__).parent / "clients" / f"{client}_client.py"
    with SERVERS[server](visits) as url:
        ran = subprocess.run(
            [ROOT / ".tools" / client / "bin" / "python", program, url],
            input=json.dumps(tensors), capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    want = visits_reference(rows)
    for answer in json.loads(ran.stdout):
        assert answer["label"] == want["label"].tolist()
        np.testing.assert_allclose(answer["probabilities"], want["probabilities"], rtol=1e-12, atol=1e-12)
