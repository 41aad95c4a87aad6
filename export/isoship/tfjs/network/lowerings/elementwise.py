"""One element at a time, of one tensor or of several that broadcast. What lies channels last stays so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission, Last
from isoship.tfjs.network.reading import Array, Node
from isoship.tfjs.network.registry import ROUNDED, CannotLower, lowering

#: Within so many units in the last place of float32: what the backends' own functions give.
FUNCTION = "the backend's own function: 3.6e-6 relative on GPUs, else a few ulp"

_UNARY = {
    "Abs": "Abs",
    "Ceil": "Ceil",
    "Floor": "Floor",
    "Neg": "Neg",
    "Reciprocal": "Reciprocal",
    "Round": "Round",
    "Sqrt": "Sqrt",
}
_FUNCTIONS = {
    "Acos": "Acos",
    "Acosh": "Acosh",
    "Asin": "Asin",
    "Asinh": "Asinh",
    "Atan": "Atan",
    "Atanh": "Atanh",
    "Cos": "Cos",
    "Cosh": "Cosh",
    "Exp": "Exp",
    "Sigmoid": "Sigmoid",
    "Sin": "Sin",
    "Sinh": "Sinh",
    "Tan": "Tan",
    "Tanh": "Tanh",
}


def unary(e: Emission, node: Node, made: Callable[[Tensor], Tensor]) -> Tensor | Last:
    """A function of the first input's tensor, wherever its channels lie."""
    name = node.inputs[0]
    if name in e.last and name not in e.tensors:
        return Last(made(e.last[name]))
    return made(e.data(name))


def negated(e: Emission, x: Tensor) -> Tensor:
    """Integers are taken from 0: Neg on wasm makes them float32 in between."""
    return e.op("Neg", x) if x.dtype == "float32" else e.op("Sub", e.like(x, 0), x)


@lowering(*_UNARY, emits=[*sorted(_UNARY.values()), "Sub", "Maximum"])
def exact(e: Emission, node: Node) -> Tensor | Last:
    if e.dtype(node.inputs[0]) not in ("float", "double", "float16"):
        if node.op in ("Ceil", "Floor", "Round"):
            return e.data(node.inputs[0])
        if node.op == "Neg":
            return unary(e, node, lambda x: negated(e, x))
        if node.op == "Abs":  # Abs makes them float32 in between
            return unary(e, node, lambda x: e.op("Maximum", x, negated(e, x)))
    return unary(e, node, lambda x: e.op(_UNARY[node.op], x))


@lowering(*_FUNCTIONS, emits=sorted(_FUNCTIONS.values()), exactness=FUNCTION)
def function(e: Emission, node: Node) -> Tensor | Last:
    return unary(e, node, lambda x: e.op(_FUNCTIONS[node.op], x))


@lowering("Log", emits=["Log", "Equal", "SelectV2"], exactness=FUNCTION)
def log(e: Emission, node: Node) -> Tensor | Last:
    """Of 0 it is -inf, which graphics may not have."""

    def made(x: Tensor) -> Tensor:
        zero = e.op("Equal", x, e.like(x, 0), dtype="bool")
        return e.select(zero, e.like(x, -np.inf), e.op("Log", x))

    return unary(e, node, made)


@lowering("Erf", emits=["Erf"], exactness="a polynomial, within 1.5e-7")
def erf(e: Emission, node: Node) -> Tensor | Last:
    return unary(e, node, lambda x: e.op("Erf", x))


def sign_of(e: Emission, x: Tensor) -> Tensor:
    """By comparing: TF.js's Sign is 0 of NaN, and on wasm of what is near to 0, too."""
    below = e.select(e.op("Less", x, e.like(x, 0), dtype="bool"), e.like(x, -1), x)
    return e.select(e.op("Greater", x, e.like(x, 0), dtype="bool"), e.like(x, 1), below)


@lowering("Sign", emits=["Less", "Greater", "SelectV2"])
def sign(e: Emission, node: Node) -> Tensor | Last:
    return unary(e, node, lambda x: sign_of(e, x))


@lowering("Identity", emits=[])
def identity(e: Emission, node: Node) -> Tensor | Last:
    return unary(e, node, lambda x: x)


@lowering("Dropout", emits=["OnesLike"])
def dropout(e: Emission, node: Node) -> tuple[Tensor | Last, ...]:
    """Of a model that is asked and not trained: nothing happens."""
    if e.has(node, 2) and bool(e.constant(node.inputs[2], "mode").any()):
        ratio = e.given(node, 1, "ratio")
        if ratio is None or float(ratio) != 0.0:
            raise CannotLower("it is in training mode, whose answers are drawn")
    x = e.data(node.inputs[0])
    mask = e.cast(e.op("OnesLike", e.cast(x, "float32")), "bool")
    return (x, mask)[: len(node.outputs)]


def pair(e: Emission, a: str, b: str) -> tuple[Tensor, Tensor, bool]:
    """Two operands as they broadcast, channels last where one of them lies so and the other follows."""
    for this, other in ((a, b), (b, a)):
        if this not in e.last or this in e.tensors:
            continue
        rank = e.rank(this)
        array = e.graph.constants.get(other)
        if array is not None and array.ndim <= rank:
            full = array.reshape((1,) * (rank - array.ndim) + array.shape)
            turned = (
                e.const(e.narrow(full.transpose([0, *range(2, rank), 1])))
                if full.size > 1
                else e.const(e.narrow(full.reshape(())))
            )
            return (e.last[this], turned, True) if this == a else (turned, e.last[this], True)
        if other in e.last and e.rank(other) == rank:
            return e.last[a], e.last[b], True
    return e.data(a), e.data(b), False


def binary(e: Emission, op: str, a: str, b: str, dtype: str | None = None) -> Tensor | Last:
    x, y, last = pair(e, a, b)
    made = e.op(op, x, y, dtype=dtype)
    return Last(made) if last else made


@lowering("Add", "Sub", "Mul", emits=["AddV2", "Sub", "Mul"])
def arithmetic(e: Emission, node: Node) -> Tensor | Last:
    return binary(e, {"Add": "AddV2", "Sub": "Sub", "Mul": "Mul"}[node.op], *node.inputs)


@lowering("Div", emits=["RealDiv", "FloorDiv", "Sign", "Mul", "Abs", "Floor", "Sub", "AddV2"])
def divide(e: Emission, node: Node) -> Tensor | Last:
    """Integers are cut toward 0, where TF.js floors: signs beside the quotient of sizes, which floats hold."""
    if e.dtype(node.inputs[0]) in ("float", "double", "float16"):
        return binary(e, "RealDiv", *node.inputs)
    for name in node.inputs:
        bound = e.bound(name)
        if bound is None or max(-bound[0], bound[1]) > 2**24:
            raise CannotLower("it divides integers that may be larger than 2**24")
    return _truncated(e, e.data(node.inputs[0]), e.data(node.inputs[1]))


def _truncated(e: Emission, a: Tensor, b: Tensor) -> Tensor:
    """int32 a / b toward 0: |a| and |b| are at most 2**24, so the float quotient's floor is off by one at most, and
    the rest says so."""
    x, y = (e.op("Abs", e.cast(t, "float32")) for t in (a, b))
    q = e.op("Floor", e.op("RealDiv", x, y))
    rest = e.op("Sub", x, e.op("Mul", q, y))
    signs = e.op("Mul", e.op("Sign", e.cast(a, "float32")), e.op("Sign", e.cast(b, "float32")))
    zero = e.like(rest, 0)
    low = e.cast(e.op("Sign", e.op("Floor", e.op("RealDiv", rest, y))), "float32")
    return e.cast(e.op("Mul", signs, e.op("AddV2", q, e.op("AddV2", low, zero))), "int32")


@lowering(
    "Mod",
    emits=["RealDiv", "Floor", "Greater", "GreaterEqual", "Mul", "Abs", "Sub", "AddV2", "SelectV2", "Less"],
)
def modulo(e: Emission, node: Node) -> Tensor:
    """Integers: with the divisor's sign, as Python's. `fmod`: with the dividend's, as C's."""
    a, b = (e.data(name) for name in node.inputs)
    real = a.dtype == "float32"
    if not real:
        for name in node.inputs:
            bound = e.bound(name)
            if bound is None or max(-bound[0], bound[1]) > 2**24:
                raise CannotLower("it divides integers that may be larger than 2**24")
    elif not node.attrs["fmod"]:
        raise CannotLower("it takes the rest of reals without fmod")
    elif not _is_power_of_two(e.graph.constants.get(node.inputs[1])):
        raise CannotLower(
            "its divisor is no known power of two of at least 1, and a rounded quotient leaves other rests"
        )
    x, y = e.cast(a, "float32"), e.cast(b, "float32")
    size, by = e.op("Abs", x), e.op("Abs", y)
    rest = e.op("Sub", size, e.op("Mul", e.op("Floor", e.op("RealDiv", size, by)), by))
    # A quotient that is rounded up to the next whole number leaves a rest below 0.
    rest = e.select(e.op("Less", rest, e.like(rest, 0), dtype="bool"), e.op("AddV2", rest, by), rest)
    # One that a GPU's division leaves short of it, a rest of the whole divisor.
    rest = e.select(e.op("GreaterEqual", rest, by, dtype="bool"), e.op("Sub", rest, by), rest)
    signed = e.op("Mul", sign_of(e, x), rest)
    if not node.attrs["fmod"]:
        other = e.op("Less", e.op("Mul", signed, y), e.like(y, 0), dtype="bool")
        signed = e.select(other, e.op("AddV2", signed, y), signed)
    return signed if real else e.cast(signed, "int32")


def _is_power_of_two(divisor: Array | None) -> bool:
    """Whether quotients by it are exact, and none overflows."""
    return divisor is not None and bool(((np.frexp(np.abs(divisor))[0] == 0.5) & (np.abs(divisor) >= 1)).all())


@lowering("Pow", emits=["Pow", "Mul"], exactness=FUNCTION)
def power(e: Emission, node: Node) -> Tensor | Last:
    exponent = e.graph.constants.get(node.inputs[1])
    if exponent is None or (exponent < 0).any():
        e.right_on("cpu", "wasm")  # webgl gives 0 for 0 to the power -1
    if (
        exponent is not None
        and exponent.size == 1
        and float(exponent.ravel()[0]) == 2
        and exponent.ndim <= e.rank(node.inputs[0])
    ):
        e_square = unary(e, node, lambda x: e.op("Mul", x, x))
        if e.dtype(node.inputs[0]) in ("float", "double", "float16"):
            return e_square
    a, b = e.data(node.inputs[0]), e.data(node.inputs[1])
    if a.dtype != "float32":
        bounds = [e.bound(name) for name in node.inputs]
        if any(x is None for x in bounds):
            raise CannotLower("how large its integers become is not known")
        (low, high), (least, most) = (x for x in bounds if x is not None)
        if most > 64 or least < 0 or max(abs(low), abs(high)) ** most > 2**24:
            raise CannotLower("a power of integers that may be larger than 2**24")
        e.bounds[node.outputs[0]] = (-(2.0**24), 2.0**24)
        e.right_on("cpu", "wasm")  # graphics have powers by logarithms, and a Cast would cut 124.9999
        return e.cast(e.op("Pow", e.cast(a, "float32"), e.cast(b, "float32")), "int32")
    return e.op("Pow", a, e.cast(b, "float32"))


@lowering("Max", "Min", emits=["Maximum", "Minimum", "SelectV2", "AddV2", "IsNan", "LogicalOr"])
def extreme(e: Emission, node: Node) -> Tensor:
    """NaN wins, whichever operand it is: wasm's own maximum drops one of two."""
    op = {"Max": "Maximum", "Min": "Minimum"}[node.op]
    result = e.data(node.inputs[0])
    for name in node.inputs[1:]:
        other = e.data(name)
        picked = e.op(op, result, other)
        if result.dtype == "float32":
            missing = e.op("LogicalOr", *(e.op("IsNan", x, dtype="bool") for x in (result, other)), dtype="bool")
            picked = e.select(missing, e.op("AddV2", result, other), picked)
        result = picked
    return result


@lowering("Sum", "Mean", emits=["AddV2", "RealDiv"], exactness=ROUNDED)
def added(e: Emission, node: Node) -> Tensor:
    result = e.data(node.inputs[0])
    for name in node.inputs[1:]:
        result = e.op("AddV2", result, e.data(name))
    return e.op("RealDiv", result, e.like(result, len(node.inputs))) if node.op == "Mean" else result


@lowering("Clip", since=6, emits=["SelectV2", "Less", "Greater", "Minimum"])
def clip(e: Emission, node: Node) -> Tensor | Last:
    """By selecting: NaN compares false and stays. ClipByValue gives the least for it on wasm."""
    low = node.inputs[1] if e.has(node, 1) else None
    high = node.inputs[2] if e.has(node, 2) else None

    def clipped(x: Tensor) -> Tensor:
        for given, attribute, worse in ((low, "min", "Less"), (high, "max", "Greater")):
            if given is not None:
                end = e.data(given)
            elif node.version < 11:
                end = e.const(np.float32(node.attrs[attribute]))
            else:
                continue
            x = e.select(e.op(worse, x, end, dtype="bool"), end, x)
        if low is not None and high is not None:  # where the least is above the most, the most is the answer
            x = e.select(e.op("Greater", x, e.data(high), dtype="bool"), e.data(high), x)
        return x

    return unary(e, node, clipped)


@lowering("CastLike", emits=[])
def cast_like(e: Emission, node: Node) -> Tensor:
    return casted(e, node, e.dtype(node.inputs[1]))


@lowering("Cast", emits=["Floor", "Ceil", "SelectV2", "Less"])
def cast(e: Emission, node: Node) -> Tensor:
    return casted(e, node, e.dtype(node.outputs[0]))


def casted(e: Emission, node: Node, to: str) -> Tensor:
    """Reals become integers by cutting, where what they may be is known."""
    x, source = e.data(node.inputs[0]), e.dtype(node.inputs[0])
    if to in ("float", "double"):
        return e.cast(x, "float32")
    if to == "bool":
        return e.cast(x, "bool")
    if to not in ("int64", "int32"):
        raise CannotLower(f"TF.js holds no {to}")
    if source in ("float", "double", "float16") and e.bound(node.inputs[0]) is None:
        raise CannotLower("it turns reals of unknown size into integers")
    return e.cast(x, "int32")
