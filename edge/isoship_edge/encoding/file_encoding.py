"""The encoding of a file of rows: UTF-8, or UTF-16 where its byte order mark says so. Nothing else is guessed.

A spreadsheet's "CSV" in the code page of its machine (Windows-1252, Shift JIS) reads as text with other letters, and
other letters are other categories. A file is looked through before its first row is answered;
`web/src/page/files/encoding.js` says the same of a page's file, and both pass tests/vectors/encodings.json.
"""

from __future__ import annotations

import codecs
import io
import os
import stat
from typing import IO, TYPE_CHECKING

from isoship_edge.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = 2**20
#: UTF-32's marks begin as UTF-16's do.
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
    (codecs.BOM_UTF8, "UTF-8"),
)
_WAY_OUT = 'Save it as UTF-8 ("CSV UTF-8" in spreadsheets)'


def open_text(path: Path) -> IO[str]:
    """The file's text, its line ends as they are.

    Raises:
        OSError: it cannot be opened.
        InputError: it is no text of those encodings. What cannot be read twice (a pipe) is found out on the way, as
            UnicodeDecodeError.
    """
    file = path.open("rb")
    try:
        encoding = "utf-8-sig"
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            encoding = encoding_of(file)
            file.seek(0)
    except BaseException:
        file.close()
        raise
    return io.TextIOWrapper(file, encoding=encoding, newline="")


def encoding_of(file: IO[bytes]) -> str:
    """Python's name of the encoding, once the whole file has been read in it.

    Raises:
        InputError: there is a line that it does not hold.
    """
    block = file.read(_BLOCK)
    encoding = encoding_by_mark(block)
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    while True:
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as err:
            if encoding == "utf-16":
                raise InputError(f"the file is damaged UTF-16. {_WAY_OUT}") from None
            lines += err.object[: err.start].count(b"\n")
            raise InputError(f"the file is not UTF-8 (line {lines}). {_WAY_OUT}") from None
        if "\0" in text:
            raise InputError(f"the file holds NUL, as UTF-16 without a byte order mark does. {_WAY_OUT}")
        lines += text.count("\n")
        if not block:
            return encoding
        block = file.read(_BLOCK)


def encoding_by_mark(block: bytes) -> str:
    """Python's name of the encoding that the first bytes announce.

    Raises:
        InputError: UTF-32.
    """
    marked = next((name for mark, name in _MARKS if block.startswith(mark)), None)
    if marked == "UTF-32":
        raise InputError(f"the file is UTF-32. {_WAY_OUT}")
    return "utf-16" if marked == "UTF-16" else "utf-8-sig"
