"""How a picture's pixels become the numbers that a model takes: the option `image`, and its arithmetic in numpy.

    ((float32(pixel) / divide) * scale - mean) / std

Each step is a float32 operation of its own, in this order, and a step that changes nothing (divide 1, scale 1, mean 0,
std 1) is left out. torchvision divides by 255, then subtracts the mean and divides by the deviation; Keras's
`Rescaling(1/255)` multiplies: `divide` and `scale` are both here because their last bits differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship_edge.tensors.signature import COLORS

#: Layout -> the axes of a picture (n: batch, h: rows, w: columns, c: channels) as the model takes them.
LAYOUTS = ("nchw", "nhwc", "chw", "hwc", "nhw", "flat")
NO_RESIZE = (
    "A resize is not carried: libraries answer it differently from each other and from ONNX's Resize, so none would be"
    " bit for bit what the model was trained with. Bring pictures to the size before they are sent"
)


@dataclass(frozen=True)
class Pixels:
    """The option `image`: an input that takes uint8 pictures [N, H, W, C] in place of the model's own numbers.

    color: gray, rgb or rgba, of the pictures. order: rgb, or bgr where the model takes blue first.
    input: the model's input; needed where it has several. size: height and width, where the model's shape says neither.
    layout: nchw, nhwc, chw, hwc, nhw or flat ([N, H*W*C], pixels as they lie in the picture), where several fit.
    divide: 255 unless given; 1 for none. scale, mean, std: one number, or one a channel in the model's order.
    """

    color: str = "rgb"
    input: str | None = None
    size: tuple[int, int] | None = None
    layout: str | None = None
    order: str = "rgb"
    divide: float | None = None
    scale: float = 1.0
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.color not in COLORS:
            raise InputError(f"image: color is {self.color!r}: choose from {', '.join(COLORS)}")
        if self.order not in ("rgb", "bgr") or (self.order == "bgr" and self.color == "gray"):
            raise InputError(
                f"image: order is {self.order!r} for {self.color}: choose rgb, or bgr for colored pictures"
            )
        if self.layout is not None and self.layout not in LAYOUTS:
            raise InputError(f"image: layout is {self.layout!r}: choose from {', '.join(LAYOUTS)}")
        if self.size is not None and (len(self.size) != 2 or min(self.size) < 1):
            raise InputError(f"image: size is {self.size!r}: give height and width, such as 224x224")
        for name in ("mean", "std"):
            if len(getattr(self, name)) not in (0, 1, self.channels):
                raise InputError(f"image: {name} has {len(getattr(self, name))} values for {self.channels} channels")
        with np.errstate(over="ignore"):
            numbers = np.array([*self.mean, *self.std, self.scale, self.divide or 0], np.float32)
        if not np.isfinite(numbers).all() or 0 in (self.divide, self.scale, *map(np.float32, self.std)):
            raise InputError("image: divide, scale and std must be finite and not 0, mean must be finite")

    @property
    def channels(self) -> int:
        return COLORS[self.color]

    @property
    def plain(self) -> bool:
        """No arithmetic is asked for."""
        return self.divide in (None, 1) and self.scale == 1 and not any(self.mean) and set(self.std) <= {1.0}

    def steps(self) -> list[tuple[str, np.ndarray[Any, Any]]]:
        """ONNX's operator and its float32 constant, [] or [C], in the order that they are applied."""
        asked = (
            ("Div", [255.0 if self.divide is None else self.divide], 1.0),
            ("Mul", [self.scale], 1.0),
            ("Sub", self.mean, 0.0),
            ("Div", self.std, 1.0),
        )
        steps = []
        for op, values, neutral in asked:
            if any(value != neutral for value in values):
                constant = np.array(values, np.float32)
                steps.append((op, constant[0] if constant.size == 1 else constant))
        return [(op, np.asarray(constant)) for op, constant in steps]

    def numbers(self, pictures: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """uint8 [..., H, W, C] -> float32 of that shape, channels in the model's order."""
        reckoned = pictures[..., self.channel_order()].astype(np.float32)
        for op, constant in self.steps():
            reckoned = {"Div": np.divide, "Mul": np.multiply, "Sub": np.subtract}[op](reckoned, constant)
        return reckoned

    def channel_order(self) -> list[int]:
        """The picture's channel for each of the model's."""
        order = list(range(self.channels))
        return [2, 1, 0, *order[3:]] if self.order == "bgr" else order

    def to_json(self) -> dict[str, Any]:
        """The dict that makes it again (`pixels_from`)."""
        return {name: value for name, value in asdict(self).items() if value != getattr(Pixels, name)}

    def described(self) -> str:
        """Such as `uint8 rgb, / 255, - [0.5, 0.5, 0.5], / 0.25`."""
        signs = {"Div": "/", "Mul": "*", "Sub": "-"}
        steps = [f"{signs[op]} {constant.tolist()}" for op, constant in self.steps()]
        return ", ".join([f"uint8 {self.color}" + (", blue first" if self.order == "bgr" else ""), *steps])


def pixels_from(option: Any) -> tuple[Pixels, ...]:
    """The option `image` as it is given: None, a Pixels, a dict, text as on the command line, or several of them.

    Text: `rgb`, or `color=rgb,size=224x224,divide=255,mean=0.485:0.456:0.406,std=0.229:0.224:0.225`.

    Raises:
        InputError: what cannot be read of it, and what it would take.
    """
    if option is None:
        return ()
    if isinstance(option, Pixels):
        return (option,)
    if isinstance(option, str):
        return (_made(_parsed(option)),)
    if isinstance(option, Mapping):
        return (_made(option),)
    if isinstance(option, Sequence):
        return tuple(one for each in option for one in pixels_from(each))
    raise InputError(f"image is a {type(option).__name__}: give isoship.Pixels(...), a dict or text such as color=rgb")


def _parsed(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, given, value = part.partition("=")
        key, value = (key.strip(), value.strip()) if given else ("color", part)
        if key in found:
            raise InputError(f"image: {key} stands twice in {text!r}")
        found[key] = value
    return found


def _made(given: Mapping[str, Any]) -> Pixels:
    known = [field.name for field in fields(Pixels)]
    for key in given:
        if key == "resize":
            raise InputError(f"image: {NO_RESIZE}")
        if key not in known:
            raise InputError(f"image: {key!r} is not known: choose from {', '.join(known)}")
    values = dict(given)
    for key, read in (("size", _size), ("divide", _number), ("scale", _number), ("mean", _several), ("std", _several)):
        if values.get(key) is None:
            values.pop(key, None)
            continue
        try:
            values[key] = read(values[key])
        except (TypeError, ValueError, ZeroDivisionError) as err:
            raise InputError(
                f"image: {key} cannot be {values[key]!r}. Such as color=rgb,size=224x224,mean=0.485:0.456:0.406"
            ) from err
    return Pixels(**values)


def _size(given: Any) -> tuple[int, int]:
    height, width = given.lower().split("x") if isinstance(given, str) else given
    return int(height), int(width)


def _number(given: Any) -> float:
    """Fractions of text, too: 1/255."""
    return float(Fraction(given) if isinstance(given, str) and "/" in given else given)


def _several(given: Any) -> tuple[float, ...]:
    return tuple(map(_number, given.split(":") if isinstance(given, str) else np.atleast_1d(given)))
