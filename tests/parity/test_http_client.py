from __future__ import annotations

import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from isoship.parity.runners.http_client import HttpModel
from isoship.parity.runners.process import Process, free_port
from isoship_edge.http.server import Handler, Server
from isoship_edge.inference.model import load

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bundles import YIELD_ROWS, make_bundle


def test_a_server_that_closed_an_idle_connection_is_asked_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two requests the check may work out a large model's answers for longer than servers wait."""
    monkeypatch.setattr(Handler, "timeout", 0.1)
    rows = YIELD_ROWS[:1]
    beside = Process([sys.executable, "-c", "input()"], environment={}, name="the server", tether=True)
    with Server(load(make_bundle(tmp_path, "yield")), port=0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        asked = HttpModel(beside, server.server_port)
        try:
            first = asked.predict(rows)
            time.sleep(0.4)
            assert asked.predict(rows) == first
        finally:
            beside.end()
            server.stop()
            thread.join(10)


def test_a_server_s_port_is_none_that_the_system_gives_to_the_next_socket() -> None:
    for _ in range(20):
        port = free_port()
        assert 1024 < port < 32_768
        with socket.create_server(("127.0.0.1", port)):
            assert port not in {free_port() for _ in range(50)}
