"""One function of numpy's over traced values and constants: numpy says the types, and the graph gets the nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.sources.sklearn.tracing.tensors import HELD, Tensor, Trace, held
from isoship.sources.sklearn.tracing.ufuncs import RULES
from isoship_edge.manifest import MISSING_STRING

#: A traced column or matrix with the type that numpy knows it by; anything else is a constant.
Operand = tuple[Tensor, Any]
#: Integer powers are written as products, as numpy computes them; a higher one is a mistake more often than a feature.
_MOST_FACTORS = 8
_MISSING = np.array(MISSING_STRING)


def elementwise(trace: Trace, ufunc: Any, operands: Sequence[Any], shape: Sequence[int]) -> Tensor:
    """The function over operands (`Operand` for traced ones), whose result has this shape, [N] or [N, K].

    Raises:
        Stopped: the function, or the type in which numpy computes it, is not followed.
    """
    name = getattr(ufunc, "__name__", str(ufunc))
    rule = RULES.get(name) if getattr(np, name, None) is ufunc else None
    if rule is None:
        raise trace.stop(f"{_named(ufunc)} is none of numpy's functions that can be followed")
    traced = [each[0] for each in operands if type(each) is tuple]
    if any(tensor.dtype == "string" for tensor in traced):
        return _texts(trace, name, operands, shape)
    try:
        types = ufunc.resolve_dtypes((*(_type(each) for each in operands), None))
    except TypeError as err:
        raise trace.stop(f"numpy has no {name} of these types: {err}") from err
    loops = [held(trace, each, f"numpy computes {name}") for each in types]
    for loop in loops[:-1]:
        if loop not in rule.types:
            raise trace.stop(f"numpy computes {name} in {_NAMES[loop]}, which ONNX Runtime computes otherwise")
    if loops[0] == "int64" and name in ("floor_divide", "remainder"):
        _check_divisor(trace, name, operands[1])
        _check_quotient(trace, name, operands[1])
    if rule.jumps and any(tensor.dtype != "bool" for tensor in traced):
        trace.jump(_JUMPS.get(name, f"numpy.{name}"), *traced)
    if rule.ends and any(tensor.rounded and not tensor.clipped for tensor in traced):
        raise trace.stop(
            f"numpy.{name} of numbers whose last bits differ between numpy and ONNX Runtime is missing in one of them"
            " at 1; keep them between -1 and 1 with np.clip"
        )
    names = [
        trace.cast(each[0], loop).name if type(each) is tuple else trace.constant(each, shape, loop)
        for each, loop in zip(operands, loops, strict=False)
    ]
    write = _power_of_c if rule is RULES["power"] and _is_finite(operands[1]) else rule.write
    rounded = loops[-1] != "bool" and (rule.rounds or any(tensor.rounded for tensor in traced))
    width = 1 if len(shape) == 1 else shape[1]
    # a root halves what is beyond 1 in the last bit
    clipped = name == "sqrt" or (name in ("minimum", "maximum") and any(type(each) is not tuple for each in operands))
    return Tensor(write(trace.g, loops[0], *names), loops[-1], width, rounded, clipped=clipped)


def power(trace: Trace, base: Operand, exponent: Any, shape: Sequence[int]) -> Tensor:
    """`base ** exponent` of an array: numpy squares by a product and takes a root for 0.5."""
    dtype = base[1]
    if not np.isscalar(exponent) or isinstance(exponent, (str, bytes)):
        return elementwise(trace, np.power, [base, exponent], shape)
    whole: Any = exponent if isinstance(exponent, (int, np.integer)) and not isinstance(exponent, bool) else None
    if HELD.get(dtype) == "int64" and whole is not None:
        if not 1 <= whole <= _MOST_FACTORS:
            raise trace.stop(f"integers to the power of {exponent} leave int64; make them numbers with astype(float)")
        found = base
        for _ in range(int(whole) - 1):
            found = (elementwise(trace, np.multiply, [found, base], shape), dtype)
        return found[0]
    if HELD.get(dtype) in ("double", "float") and np.result_type(dtype, exponent) == dtype:
        for value, function in _SHORT_POWERS.items():
            if exponent == value:
                return elementwise(trace, function, [base], shape)
    return elementwise(trace, np.power, [base, exponent], shape)


#: numpy's own short ways for `array ** scalar`.
_SHORT_POWERS = {1.0: np.positive, 2.0: np.square, 0.5: np.sqrt, -1.0: np.reciprocal}


def where(trace: Trace, condition: Tensor, one: Any, other: Any, shape: Sequence[int], dtype: str) -> Tensor:
    """One or the other value by a traced boolean; operands as for `elementwise`, dtype that of the result."""
    held = trace.cast(condition, "bool").name
    if type(one) is tuple and type(other) is not tuple and dtype in ("double", "float"):
        # onnxruntime's Where makes 0.0 of a -0.0 that it takes where the condition holds (docs/upstream.md), and turns
        # a Where of a Not about
        held, one, other = trace.g.op("Equal", held, np.array([[False]])), other, one
    yes, no = (
        trace.cast(each[0], dtype).name if type(each) is tuple else trace.constant(each, shape, dtype)
        for each in (one, other)
    )
    rounded = any(type(each) is tuple and each[0].rounded for each in (one, other))
    width = 1 if len(shape) == 1 else shape[1]
    return Tensor(trace.choose(held, yes, no, dtype), dtype, width, rounded)


def _power_of_c(g: GraphBuilder, dtype: str, base: str, exponent: str) -> str:
    return g.op("Pow", base, exponent)


def _is_finite(exponent: Any) -> bool:
    return type(exponent) is not tuple and bool(np.all(np.isfinite(exponent)))


def _type(operand: Any) -> Any:
    """What numpy promotes by: the type of an array, or the Python type of a scalar, which is weak."""
    if type(operand) is tuple:
        return operand[1]
    if type(operand) in (int, float):
        return type(operand)
    return np.asarray(operand).dtype


def _check_divisor(trace: Trace, name: str, divisor: Any) -> None:
    if type(divisor) is tuple or not np.all(np.asarray(divisor)):
        raise trace.stop(
            f"numpy.{name} of integers by what may be 0 has no answer that all runtimes share; make them numbers with"
            " astype(float)"
        )


def _check_quotient(trace: Trace, name: str, divisor: Any) -> None:
    """By -1 the quotient of one integer leaves the type, and what that is then is not the same everywhere."""
    if np.any(np.asarray(divisor) == -1):
        raise trace.stop(f"numpy.{name} of integers by -1 has no answer for the least integer; write -x")


def _texts(trace: Trace, name: str, operands: Sequence[Any], shape: Sequence[int]) -> Tensor:
    """Strings are equal or not; which comes first is a matter of the language."""
    if name not in ("equal", "not_equal"):
        raise trace.stop(f"numpy.{name} of strings is not followed; strings can be compared with == and !=")
    constants = [each for each in operands if type(each) is not tuple]
    if not all(isinstance(each, str) for value in constants for each in np.ravel(np.asarray(value, object)).tolist()):
        raise trace.stop("it compares strings with what is no string")
    names = [each[0].name if type(each) is tuple else trace.constant(each, shape, "string") for each in operands]
    if not all(type(each) is not tuple or each[0].dtype == "string" for each in operands):
        raise trace.stop("it compares strings with what is no string")
    equal = trace.g.op("Equal", *names)
    if not constants:  # a missing string equals nothing
        equal = trace.g.op("And", equal, trace.g.op("Not", trace.g.op("Equal", names[0], _MISSING)))
    found = equal if name == "equal" else trace.g.op("Not", equal)
    return Tensor(found, "bool", 1 if len(shape) == 1 else shape[1])


def changed(tensor: Tensor, name: str, **fields: Any) -> Tensor:
    """A tensor like another one, under a name of its own."""
    return replace(tensor, name=name, block=None, **fields)


def _named(ufunc: Any) -> str:
    module = type(ufunc).__module__ if not hasattr(ufunc, "__module__") else ufunc.__module__
    name = getattr(ufunc, "__name__", str(ufunc))
    return f"{module}.{name}" if module and module not in ("builtins", "numpy") else f"numpy.{name}"


_NAMES = {"double": "float64", "float": "float32", "int64": "int64", "bool": "booleans"}
_JUMPS = {
    "less": "a comparison",
    "less_equal": "a comparison",
    "greater": "a comparison",
    "greater_equal": "a comparison",
    "equal": "a comparison",
    "not_equal": "a comparison",
    "remainder": "the remainder (%)",
    "floor_divide": "the whole quotient (//)",
}
