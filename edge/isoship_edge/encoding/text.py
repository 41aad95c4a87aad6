"""What a string may hold on its way into a tensor."""

from __future__ import annotations

from collections.abc import Sequence

from isoship_edge.errors import InputError
from isoship_edge.manifest import MISSING_STRING


def fault(text: str) -> tuple[str, str] | None:
    """What was seen and what was expected where a string cannot be carried, else None.

    ONNX Runtime's FillStringTensor cuts at NUL, lone surrogates have no UTF-8, and U+FDD0 stands for missing.
    """
    if "\0" in text:
        return "a string with a NUL character", "text without NUL"
    if not is_unicode(text):
        return "a string with a lone surrogate", "well-formed Unicode text"
    if MISSING_STRING in text:
        return "a string with U+FDD0", "text without the reserved character U+FDD0"
    return None


def is_unicode(text: str) -> bool:
    """Whether the string has a UTF-8 form: JSON can write half of a surrogate pair, and nobody can send it on."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def encoded(text: str) -> bytes:
    """UTF-8 bytes of a string that a tensor can hold, `MISSING_STRING` among them.

    Raises:
        InputError: NUL or a lone surrogate.
    """
    try:
        content = text.encode()
    except UnicodeEncodeError:
        content = b"\0"
    if b"\0" in content:
        seen, expected = fault(text) or ("", "")
        raise InputError(f"expected {expected}, got {seen}", seen=seen, expected=expected)
    return content


def encoded_all(texts: Sequence[str]) -> list[bytes]:
    """The same for many strings, in one pass where all can be held.

    Raises:
        InputError: NUL or a lone surrogate.
    """
    joined = "\0".join(texts)
    if joined.count("\0") == len(texts) - 1 and is_unicode(joined):
        return joined.encode().split(b"\0")
    return [encoded(text) for text in texts]
