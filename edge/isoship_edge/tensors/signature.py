"""The signature of tensors: what each input is called, holds and may hold."""

from __future__ import annotations

from isoship_edge.encoding.documents import of_type
from isoship_edge.lean_namedtuple import NamedTuple

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

#: dtype -> the Open Inference Protocol's name of it.
DATATYPES = {
    "double": "FP64", "float": "FP32", "float16": "FP16",
    "int64": "INT64", "int32": "INT32", "int16": "INT16", "int8": "INT8",
    "uint64": "UINT64", "uint32": "UINT32", "uint16": "UINT16", "uint8": "UINT8",
    "bool": "BOOL", "string": "BYTES",
}  # fmt: skip
FLOATS = ("double", "float", "float16")
COLORS = {"gray": 1, "rgb": 3, "rgba": 4}


class Image(NamedTuple):
    """An input that takes pictures: uint8 [N, H, W, C], or [H, W, C] where the model takes one at a time.

    color: gray, rgb or rgba; a PNG is brought to it exactly, or refused. H and W are the shape's: a number takes
    pictures of that size alone, a name takes any.
    """

    color: str


class Input(NamedTuple):
    """One input tensor and what the source model accepts in it (the input contract).

    shape: sizes, and names of dimensions that may be of any size; one name is one size throughout a request.
    nan, infinity: such values are answerable (floats only). minimum, maximum: the ends of the range that is accepted,
    such as the rows of an embedding; None where the dtype alone decides. largest: named dimension -> the largest size
    that the model answers, such as the rows of a table of positions; None, or no entry, where there is no such end.
    """

    name: str
    dtype: str
    shape: tuple[str | int, ...]
    nan: bool = False
    infinity: bool = False
    minimum: float | None = None
    maximum: float | None = None
    image: Image | None = None
    largest: dict[str, int] | None = None


def inputs_to_json(inputs: tuple[Input, ...]) -> list[dict[str, Any]]:
    """The manifest's `signature.inputs`."""
    made = []
    for one in inputs:
        entry: dict[str, Any] = {"name": one.name, "dtype": one.dtype, "shape": list(one.shape)}
        if one.dtype in FLOATS:
            entry |= {"nan": one.nan, "infinity": one.infinity}
        entry |= {end: value for end in ("minimum", "maximum") if (value := getattr(one, end)) is not None}
        if one.largest:
            entry["largest"] = dict(one.largest)
        if one.image is not None:
            entry["image"] = {"color": one.image.color}
        made.append(entry)
    return made


def inputs_from_json(document: Any) -> tuple[Input, ...]:
    """The inverse of `inputs_to_json`.

    Raises:
        ValueError, KeyError: a damaged document.
    """
    made: list[Input] = []
    for entry in of_type(list, document, "signature.inputs"):
        name = of_type(str, of_type(dict, entry, "an input")["name"], "an input's name")
        dtype = entry["dtype"]
        if dtype not in DATATYPES:
            raise ValueError(f"input {name!r} has dtype {dtype!r}")
        for end in ("minimum", "maximum"):
            if end in entry and (type(entry[end]) not in (int, float) or dtype in ("bool", "string")):
                raise ValueError(f"input {name!r} cannot have the {end} {entry[end]!r}")
        if dtype not in FLOATS and ("nan" in entry or "infinity" in entry):
            raise ValueError(f"input {name!r} is no float, and says of NaN or infinities")
        dims = dims_from_json(entry["shape"], f"shape of {name!r}")
        made.append(
            Input(
                name,
                dtype,
                dims,
                of_type(bool, entry.get("nan", False), f"nan of {name!r}"),
                of_type(bool, entry.get("infinity", False), f"infinity of {name!r}"),
                entry.get("minimum"),
                entry.get("maximum"),
                _image(entry.get("image"), name, dtype, dims),
                _largest(entry.get("largest"), name, dims),
            )
        )
    if len({one.name for one in made}) != len(made):
        raise ValueError("two inputs have one name")
    return tuple(made)


def dims_from_json(document: Any, what: str) -> tuple[str | int, ...]:
    """A shape: sizes from 0 up, and names that are not empty.

    Raises:
        ValueError: something else among them.
    """
    for size in of_type(list, document, what):
        if not ((type(size) is int and 0 <= size < 2**31) or (type(size) is str and size)):
            raise ValueError(f"{what} holds {size!r}")
    return tuple(document)


def _largest(document: Any, name: str, dims: tuple[str | int, ...]) -> dict[str, int] | None:
    if document is None:
        return None
    for dim, size in of_type(dict, document, f"largest of {name!r}").items():
        if dim not in dims or type(size) is not int or size < 1:
            raise ValueError(f"input {name!r} cannot have a {dim} of at most {size!r}")
    return dict(document)


def _image(document: Any, name: str, dtype: str, dims: tuple[str | int, ...]) -> Image | None:
    if document is None:
        return None
    color = of_type(dict, document, f"image of {name!r}")["color"]
    if color not in COLORS or dtype != "uint8" or len(dims) not in (3, 4) or dims[-1] != COLORS[color]:
        raise ValueError(f"input {name!r} cannot have the image {document!r}")
    return Image(color)
