"""examples/container: the Dockerfile's command, with what its lines install and copy and nothing else."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import tritonclient.http as triton
from installed import copy_installed
from lambda_directory import Here

from bundles import VISITS_ROWS, visits_reference
from runtime_emulator import free_port

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "container"
DOCKERFILE = (EXAMPLE / "Dockerfile").read_text(encoding="utf-8")
#: uvicorn's own; FastAPI and ONNX Runtime come with lambda/.
IMAGE = ("uvicorn", "click", "h11")
DATATYPES = {"age": "FP64", "income": "FP64", "visits": "INT64", "member": "BOOL", "city": "BYTES", "plan": "BYTES"}
NUMPY = {"FP64": np.float64, "INT64": np.int64, "BOOL": np.bool_, "BYTES": np.object_}


@pytest.fixture
def process(here: Here, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The container's process and the port that it was given."""
    assert re.findall(r"^COPY (\S+)", DOCKERFILE, re.MULTILINE) == ["lambda/", "main.py"]
    srv, site, programs = tmp_path / "srv", copy_installed(IMAGE, tmp_path / "site-packages"), tmp_path / "bin"
    srv.mkdir()
    programs.mkdir()
    (srv / "lambda").symlink_to(here.folder)
    shutil.copyfile(EXAMPLE / "main.py", srv / "main.py")
    python = programs / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(str(here.interpreter))} -S "$@"\n')
    python.chmod(0o755)
    (command,) = re.findall(r"^CMD (\[.+\])$", DOCKERFILE, re.MULTILINE)
    port = free_port()
    environment = {
        "PATH": f"{programs}:/usr/bin:/bin", "HOST": "127.0.0.1", "PORT": str(port), "ORT_DISABLE_TELEMETRY": "1",
        "PYTHONPATH": f"{srv / 'lambda'}:{site}", "ISOSHIP_BUNDLE": str(srv / "lambda"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    started = subprocess.Popen(json.loads(command), cwd=srv, env=environment, stdin=subprocess.DEVNULL)
    yield started, port
    started.kill()
    started.wait(10)


def ready(client: triton.InferenceServerClient, process: subprocess.Popen[bytes]) -> bool:
    """What a readiness probe sees, once there is an answer (40 s at most)."""
    deadline = time.monotonic() + 40
    while True:
        try:
            return bool(client.is_server_ready())
        except ConnectionRefusedError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_kubernetes_and_tritons_client_are_answered(process: tuple[subprocess.Popen[bytes], int]) -> None:
    container, port = process
    client = triton.InferenceServerClient(f"127.0.0.1:{port}")
    assert ready(client, container)
    assert client.is_server_live()
    assert client.is_model_ready("visits")
    rows = [row for row in VISITS_ROWS if row["city"] is not None and row["age"] is not None]
    tensors = []
    for name, datatype in DATATYPES.items():
        tensors.append(triton.InferInput(name, [len(rows), 1], datatype))
        tensors[-1].set_data_from_numpy(np.array([[row[name]] for row in rows], dtype=NUMPY[datatype]))
    result, want = client.infer("visits", tensors), visits_reference(rows)
    assert [label.decode() for label in result.as_numpy("label")] == want["label"].tolist()
    np.testing.assert_allclose(result.as_numpy("probabilities"), want["probabilities"], rtol=1e-12, atol=1e-12)
    client.close()
    container.terminate()  # what a host does before it takes a container away
    assert container.wait(20) in (0, -signal.SIGTERM)  # uvicorn stops and then ends by the signal


def test_the_image_installs_what_was_tried() -> None:
    assert re.findall(r"^RUN pip install .* (\S+)$", DOCKERFILE, re.MULTILINE) == [f"uvicorn=={version('uvicorn')}"]
    assert "USER nobody" in DOCKERFILE
