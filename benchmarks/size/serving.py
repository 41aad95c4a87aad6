"""Peak memory of `isoship serve` when eight clients send 3,000 rows each at once.

`python -m benchmarks.size.serving BUNDLE ROWS.csv` prints megabytes: the kernel's high-water mark of the server.
"""

from __future__ import annotations

import csv
import json
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

_REQUESTS, _ROWS = 8, 3000
_START_SECONDS, _ANSWER_SECONDS = 120.0, 600.0


def peak_megabytes(bundle: Path, rows: Path) -> float:
    """Starts a server on a free port, asks and ends it.

    Raises:
        SystemExit: the server did not start, or answered a request otherwise than with every row.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    bodies = _bodies(bundle, rows)
    command = [sys.executable, "-m", "isoship", "-q", "serve", str(bundle), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(server, port)
        with ThreadPoolExecutor(_REQUESTS) as clients:
            counts = list(clients.map(lambda body: _asked(port, body), bodies))
        if counts != [_ROWS] * _REQUESTS:
            raise SystemExit(f"the server answered {counts} rows")
        status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    finally:
        server.terminate()
        server.wait(60)


def _bodies(bundle: Path, rows: Path) -> list[bytes]:
    columns = json.loads((bundle / "manifest.json").read_bytes())["signature"]["columns"]
    kinds = {column["name"]: column["dtype"] for column in columns}
    with rows.open(encoding="utf-8", newline="") as file:
        read = [{name: _value(text, kinds[name]) for name, text in row.items()} for row in csv.DictReader(file)]
    starts = [(i * _ROWS) % max(1, len(read) - _ROWS + 1) for i in range(_REQUESTS)]
    return [json.dumps({"rows": read[start : start + _ROWS]}).encode() for start in starts]


def _value(text: str, kind: str) -> Any:
    if not text:
        return None
    return float(text) if kind == "double" else int(text) if kind == "int64" else text


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + _START_SECONDS
    while time.monotonic() < ends:
        if server.poll() is not None:
            raise SystemExit(f"the server ended with {server.returncode}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/health/ready", timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"the server is not ready after {_START_SECONDS:.0f} s")


def _asked(port: int, body: bytes) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/predict", data=body)
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:
        return len(json.load(answer)["predictions"])


if __name__ == "__main__":
    print(peak_megabytes(Path(sys.argv[1]), Path(sys.argv[2])))
