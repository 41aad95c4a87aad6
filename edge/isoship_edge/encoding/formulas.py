"""Cells that a spreadsheet would run, made text: an apostrophe in front of what begins with = + - @ and is no number.

A quote does not help, and the spreadsheets of another country take a semicolon or a tab for the end of a cell: what
would be a formula behind these is looked for, too. `web/src/page/files/written.js` says the same; both pass
tests/vectors/csv.json.
"""

from __future__ import annotations

import re

_SPACE = r"[\s\ufeff]"
_FORMULA = re.compile(rf"{_SPACE}*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[iI][nN][fF])", re.ASCII)
_BEHIND = re.compile(rf"([;\t\r\n]{_SPACE}*)(?=[=+\-@])")
_MARKS = re.compile(r"[=+\-@\t\r]")
#: What a cell may begin with before or as a formula.
_STARTS = frozenset("=+-@\ufeff\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {
    chr(code) for code in range(0x2000, 0x200B)
}


def defused(text: str) -> str:
    """The text of a cell, with an apostrophe where a spreadsheet would run what follows."""
    if _MARKS.search(text) is None:
        return text
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text.strip(" \t")):
        text = "'" + text
    return _BEHIND.sub(r"\1'", text)


def may_run(text: str) -> bool:
    """Whether a cell has to be looked at, by its first character."""
    return text[:1] in _STARTS


def may_run_behind(line: str) -> bool:
    """Whether something in a line would be run behind another country's separator."""
    return (";" in line or "\t" in line) and _BEHIND.search(line) is not None
