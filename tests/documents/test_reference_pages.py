"""What docs/reference says by hand of statuses, paths and exit codes is what the code sends and ends with."""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler
from inspect import getsource

from pages import ROOT

import isoship_edge.__main__ as program
from isoship_edge.http import api, server

HTTP = (ROOT / "docs/reference/http.md").read_text(encoding="utf-8")
CODES = (ROOT / "docs/reference/exit_codes.md").read_text(encoding="utf-8")


def first_cells(page: str, head: str) -> set[int]:
    """The numbers in the first column of the table that begins so."""
    rows = page.split(f"| {head} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return {int(number) for row in rows for number in re.findall(r"\d+", row.split("|")[1])}


def test_every_status_that_refuses_stands_in_the_page_and_no_other() -> None:
    rooms = ("edge/isoship_edge", "lambda/isoship_lambda", "export/isoship")
    sources = [path.read_text(encoding="utf-8") for room in rooms for path in (ROOT / room).rglob("*.py")]
    sent = {int(status) for text in sources for status in re.findall(r"\bRefusal\(\s*(\d{3})\b", text)}
    assert issubclass(server.Handler, BaseHTTPRequestHandler)
    own = getsource(BaseHTTPRequestHandler)  # what the base class refuses by itself
    sent |= {414} if "REQUEST_URI_TOO_LONG" in own else set()
    sent |= {505} if "HTTP_VERSION_NOT_SUPPORTED" in own else set()
    assert first_cells(HTTP, "status | is") == sent


def test_every_path_stands_in_the_page() -> None:
    said = set(re.findall(r"`(/[^`]*)`", HTTP.split("| method |", 1)[1].split("\n\n", 1)[0]))
    assert set(api.ROUTES) <= said


def test_exit_codes_of_a_device_are_those_of_its_program() -> None:
    said = {int(code) for code in re.findall(r"\b(\d+) \w", str(program.main.__doc__).partition(":")[2])}
    assert first_cells(CODES, "code | of `edge/run`") == said
