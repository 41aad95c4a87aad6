"""An object store on loopback (moto), and a way to it that drops connections."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime_emulator import free_port

# `make test` has no object store and must not skip in silence: there these files are not looked at, and
# scripts/extra.sh remote fails where it is missing.
collect_ignore = [] if importlib.util.find_spec("moto") else ["test_object_store.py"]
BUCKET = "models"


class Dropping:
    """A TCP proxy to the store. drop_after: bytes of a connection, to or from the store, after which it is closed;
    drops: how many connections are, None for all."""

    def __init__(self, port: int) -> None:
        self._store = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.drop_after: int | None = None
        self.drops: int | None = 0
        self.dropped = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._store), 10)
            except OSError:
                client.close()
                continue
            moved = [0]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._move, args=(source, target, moved), daemon=True).start()

    def _move(self, source: socket.socket, target: socket.socket, moved: list[int]) -> None:
        try:
            while data := source.recv(2**14):
                moved[0] += len(data)
                left = self.drops is None or self.dropped < self.drops
                if left and self.drop_after is not None and moved[0] > self.drop_after:
                    self.dropped += 1
                    break
                target.sendall(data)
        except OSError:
            pass
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()  # who goes on sending is told so

    def close(self) -> None:
        self._listening.close()


@pytest.fixture(scope="session")
def store_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port, place = free_port(), tmp_path_factory.mktemp("store")
    server = str(Path(sys.executable).parent / "moto_server")
    with (place / "log").open("wb") as log:
        process = subprocess.Popen([server, "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < until, (place / "log").read_text()[-2000:]
                time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def proxy(store_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dropping]:
    made = Dropping(store_port)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{made.port}", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()  # one that was made goes on to the endpoint of the test before
    yield made
    made.close()


@pytest.fixture
def store(proxy: Dropping, store_port: int) -> Iterator[Any]:
    """A boto3 client that goes to the store itself; its bucket is empty."""
    import boto3

    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{store_port}", region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    yield client
    for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=one["Key"])
    for one in client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ()):
        client.abort_multipart_upload(Bucket=BUCKET, Key=one["Key"], UploadId=one["UploadId"])
