"""SECURITY.md: each test that it names is there, and what it says of the network is so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bundles import VISITS_ROWS, make_bundle

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_every_promise_names_a_test_that_is_there() -> None:
    named = 0
    for line in TEXT.splitlines():
        file = ""
        for found, test in re.findall(r"`(tests/[\w/]+\.py)?(?:::(\w+))?`", line):
            file = found or file
            if not file:
                continue
            content = (ROOT / file).read_text(encoding="utf-8")
            assert not test or f"def {test}(" in content, f"{file}::{test}"
            named += 1
        if line.startswith("| ") and "|---" not in line and not line.startswith(("| input", "| promise")):
            assert file or "the same" in line, line
    assert named > 35


def test_every_place_that_holds_a_promise_is_there() -> None:
    rooms = ("", "export/isoship/", "edge/", "lambda/")
    for place in re.findall(r"`([\w./-]+\.(?:py|js|yaml))`", TEXT):
        assert any((ROOT / room / place).is_file() for room in rooms), place


_WATCHED = """
import sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request"):
        raise SystemExit(f"{event} {arguments}")
sys.addaudithook(refuse)
import isoship, json
from isoship.bundle.bundle import Bundle
p = isoship.load(sys.argv[1])
print(len(p.predict_rows(json.loads(sys.argv[2]))), p.selftest().ok, Bundle.open(sys.argv[1]).describe()["name"])
"""


def test_answering_opens_no_connection(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "visits")
    command = [sys.executable, "-c", _WATCHED, str(bundle), json.dumps(VISITS_ROWS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["4", "True", "visits"]), done.stderr
