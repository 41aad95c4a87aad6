"""Pictures for an input that takes them: {"png": "<base64>"}, or a list of those."""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64

from isoship_edge.encoding.words import got, listed
from isoship_edge.inference.tensor import Tensor
from isoship_edge.tensors.contract import refusal, shown
from isoship_edge.tensors.png import PngError, header_of, pixels_of
from isoship_edge.tensors.signature import COLORS, Image, Input

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

_EXPECTED = 'a PNG as {"png": "<base64>"}'


def tensor_from_pictures(spec: Input, value: Any, limit: int) -> Tensor:
    """uint8 [N, H, W, C], or [H, W, C] of one picture, in the input's colours. limit: bytes they may unpack to.

    Raises:
        InputError: one is no such picture, of another size, or of colours that cannot be brought over exactly.
    """
    several = len(spec.shape) == 4
    if type(value) is list and not several:
        raise refusal(spec.name, _EXPECTED, "an array: this model takes one picture at a time")
    pictures = value if type(value) is list else [value]
    size: tuple[int, int] | None = None
    data = bytearray()
    for place, one in enumerate(pictures):
        index = [place] if type(value) is list else None
        content = _content(spec, one, index)
        try:
            header = header_of(content)
            height, width = found = header.height, header.width
            _check_size(spec, found, size, index)
            if height * width * COLORS[_image(spec).color] > limit - len(data):
                raise PngError(f"pictures of fewer pixels in a request, got one of {width} x {height} beyond the limit")
            data += pixels_of(content, header, _image(spec).color)
        except PngError as err:
            expected, _, seen = str(err).partition(", got ")
            raise refusal(spec.name, expected, seen, index) from err
        size = found
    height, width = size or (0, 0)
    shape = (height, width, COLORS[_image(spec).color])
    return Tensor("uint8", (len(pictures), *shape) if several else shape, data_of(data))


def data_of(data: bytearray) -> Any:
    """The pixels as a tensor holds uint8."""
    from array import array

    return array("B", data)


def _image(spec: Input) -> Image:
    assert spec.image is not None
    return spec.image


def _check_size(spec: Input, found: tuple[int, int], first: tuple[int, int] | None, index: list[int] | None) -> None:
    """Before anything is unpacked: the numbers of the signature's shape, and one size of all pictures."""
    dims = spec.shape[-3:-1]
    if any(type(dim) is int and dim != size for dim, size in zip(dims, found, strict=True)):
        raise refusal(spec.name, f"a picture of {shown(dims)} pixels (height, width)", f"one of {shown(found)}", index)
    if first is not None and first != found:
        raise refusal(spec.name, f"pictures of one size, the first has {shown(first)}", f"one of {shown(found)}", index)


def _content(spec: Input, one: Any, index: list[int] | None) -> bytes:
    if type(one) is not dict:
        raise refusal(spec.name, _EXPECTED, got(one), index)
    if list(one) != ["png"]:
        raise refusal(spec.name, _EXPECTED, f"an object with the keys {listed(one)}" if one else "{}", index)
    text = one["png"]
    if type(text) is not str:
        raise refusal(spec.name, _EXPECTED, f"{got(text)} as png", index)
    try:
        return a2b_base64(text.encode("ascii"), strict_mode=True)
    except (Base64Error, ValueError):
        seen = "a data: URL" if text[:5] == "data:" else "text that is no base64 (without line breaks)"
        raise refusal(spec.name, _EXPECTED, seen, index) from None
