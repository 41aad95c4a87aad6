"""Asks a digits bundle over HTTP and as Lambda does, in PNGs (arguments: BUNDLE LABELS.npy).

LABELS.npy holds what the trained model says of each picture. Exit 1 where the edge server or the Lambda handler says
something else of one of the 1,797.
"""

import base64
import json
import os
import socket
import struct
import subprocess
import sys
import time
import urllib.request
import zlib
from pathlib import Path

import numpy as np
from digits_pixels import PIXELS

BATCH = 256
#: Runs the bundle's own handler, with nothing else to import: an event a line in, an answer a line out.
HANDLER = """
import json, os, sys
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # the handler's log
from isoship_lambda.handler import handler
for line in sys.stdin:
    print(json.dumps(handler(json.loads(line), None)), file=answers, flush=True)
"""


def png(picture: np.ndarray) -> bytes:
    """A gray uint8 [H, W, 1] as a PNG of 8 bits."""
    height, width, _ = picture.shape
    rows = b"".join(b"\0" + row.tobytes() for row in picture)  # 0: a row without a filter

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bodies(name: str) -> list[str]:
    """All pictures as bodies of POST /predict, a batch each."""
    given = [{"png": base64.b64encode(png(picture)).decode()} for picture in PIXELS]
    return [json.dumps({"inputs": {name: given[i : i + BATCH]}}) for i in range(0, len(given), BATCH)]


def by_the_edge_server(bundle: Path, asked: list[str]) -> list[dict]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([bundle / "edge" / "run", "serve", "--port", str(port)])
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                urllib.request.urlopen(address, timeout=10).close()
                break
            except OSError:
                time.sleep(0.05)
        headers = {"content-type": "application/json"}
        requests = [urllib.request.Request(f"{address}/predict", body.encode(), headers) for body in asked]
        return [json.loads(urllib.request.urlopen(request, timeout=60).read()) for request in requests]
    finally:
        server.terminate()
        server.wait()


def by_the_lambda_handler(bundle: Path, asked: list[str]) -> list[dict]:
    context = {"http": {"method": "POST", "path": "/predict", "sourceIp": "203.0.113.7"}}
    head = {"version": "2.0", "rawPath": "/predict", "headers": {"content-type": "application/json"}}
    events = [json.dumps({**head, "requestContext": context, "body": body}) for body in asked]
    function = bundle / "lambda"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(function), "ISOSHIP_BUNDLE": str(function)}
    ran = subprocess.run(
        [sys.executable, "-S", "-B", "-c", HANDLER], input="\n".join(events), env=environment, stdout=subprocess.PIPE,
        text=True, check=True, timeout=300,
    )  # fmt: skip
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert all(answer["statusCode"] == 200 for answer in answers), answers[0]
    return [json.loads(answer["body"]) for answer in answers]


if __name__ == "__main__":
    bundle, labels = Path(sys.argv[1]).resolve(), np.load(sys.argv[2])
    (taken,) = json.loads((bundle / "manifest.json").read_text("utf-8"))["signature"]["inputs"]
    flips = 0
    for ask in (by_the_edge_server, by_the_lambda_handler):
        answers = ask(bundle, bodies(taken["name"]))
        logits = np.concatenate([np.array(next(iter(answer["outputs"].values()))) for answer in answers])
        differ = int((logits.argmax(1) != labels).sum())
        print(f"{ask.__name__.replace('_', ' ')}: {differ} flips of {len(labels)} pictures")
        flips += differ
    sys.exit(flips > 0)
