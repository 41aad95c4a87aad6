"""Operators of TensorFlow's that ONNX lacks and tf2onnx leaves as they are, written in operators that it has.

Each is computed in double precision and rounded to float32 once, so that it answers as TensorFlow's own kernel does
within the last place or two, also where the plain formula would lose every digit (log(1 + 1e-8) is 0, log1p is 1e-8).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto

#: W. H. Press et al., Numerical Recipes, erfcc: erfc(z) = t exp(-z^2 + polynomial of t), t = 1 / (1 + z / 2), for
#: z >= 0, with a relative error below 1.2e-7 everywhere.
_ERFC = (
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
)  # fmt: skip
#: Below it the series of exp(x) - 1 to x^4 is exact to 1e-17 of x, and the difference has lost 1e-13 of it above.
_SMALL = 1e-3

Written = Callable[["Steps", str], str]


class Steps:
    """Writes nodes in double precision into a graph of tf2onnx's."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    def __call__(self, kind: str, *inputs: str | float, **attributes: Any) -> str:
        """A node of these inputs; numbers become constants. The name of its output."""
        names = [each if isinstance(each, str) else self._constant(each) for each in inputs]
        made: str = self._graph.make_node(kind, names, attr=attributes).output[0]
        return made

    def _constant(self, value: float) -> str:
        from tf2onnx import utils

        name: str = self._graph.make_const(utils.make_name("number"), np.asarray(value, np.float64)).output[0]
        return name


def _erfc(step: Steps, x: str) -> str:
    """x -> Abs -> t, -z^2 + polynomial(t) -> t * Exp, and 2 less that below zero."""
    z = step("Abs", x)
    t = step("Div", 1.0, step("Add", 1.0, step("Mul", z, 0.5)))
    total: str | float = _ERFC[-1]
    for coefficient in reversed(_ERFC[:-1]):
        total = step("Add", step("Mul", total, t), coefficient)
    above = step("Mul", t, step("Exp", step("Sub", total, step("Mul", z, z))))
    return step("Where", step("Less", x, 0.0), step("Sub", 2.0, above), above)


def _expm1(step: Steps, x: str) -> str:
    """x + x^2/2 + x^3/6 + x^4/24 near zero, Exp(x) - 1 elsewhere."""
    series = step("Add", step("Mul", x, 1 / 24), 1 / 6)
    series = step("Add", step("Mul", x, series), 0.5)
    series = step("Mul", x, step("Add", step("Mul", x, series), 1.0))
    return step("Where", step("Less", step("Abs", x), _SMALL), series, step("Sub", step("Exp", x), 1.0))


def _log1p(step: Steps, x: str) -> str:
    """x Log(u) / (u - 1) with u = 1 + x as it is rounded (Kahan); x itself where u is 1."""
    u = step("Add", x, 1.0)
    less = step("Sub", u, 1.0)
    none, far = step("Equal", less, 0.0), step("Equal", u, np.inf)
    ratio = step("Mul", step("Log", u), step("Div", x, step("Where", step("Or", none, far), 1.0, less)))
    return step("Where", none, x, step("Where", far, x, ratio))


def _handler(write: Written) -> tuple[Callable[..., None], list[Any]]:
    """As tf2onnx calls it. A double would need more digits than float32: such a node stays, and is refused."""

    def handle(graph: Any, node: Any, name: str, _arguments: Any) -> None:
        dtype, shape = graph.get_dtype(node.output[0]), graph.get_shape(node.output[0])
        if dtype not in (TensorProto.FLOAT, TensorProto.FLOAT16):
            return
        inputs, outputs = list(node.input), list(node.output)
        graph.remove_node(name)
        step = Steps(graph)
        result = write(step, step("Cast", inputs[0], to=TensorProto.DOUBLE))
        graph.make_node(
            "Cast", [result], name=name, outputs=outputs, attr={"to": dtype}, shapes=[shape], dtypes=[dtype]
        )

    return handle, []


def _bucketize(graph: Any, node: Any, name: str, _arguments: Any) -> None:
    """x [...] -> Unsqueeze [..., 1] >= boundaries [B] -> Cast -> ReduceSum over the last: how many are not above x."""
    from tf2onnx import utils

    dtype, shape = graph.get_dtype(node.output[0]), graph.get_shape(node.output[0])
    kind = graph.get_dtype(node.input[0])
    boundaries, inputs, outputs = list(node.get_attr("boundaries").floats), list(node.input), list(node.output)
    graph.remove_node(name)
    last = graph.make_const(utils.make_name("last"), np.array([-1], np.int64)).output[0]
    # As TensorFlow's kernel: the boundaries are floats, and a double among the inputs is compared as it is.
    number = {TensorProto.DOUBLE: np.float64}.get(kind, np.float32)
    ends = graph.make_const(utils.make_name("boundaries"), np.array(boundaries, np.float32).astype(number)).output[0]
    value = inputs[0]
    if kind not in (TensorProto.FLOAT, TensorProto.DOUBLE):
        value = graph.make_node("Cast", [value], attr={"to": TensorProto.FLOAT}).output[0]
    value = graph.make_node("Unsqueeze", [value, last]).output[0]
    above = graph.make_node("Cast", [graph.make_node("GreaterOrEqual", [value, ends]).output[0]], attr={"to": dtype})
    attributes = {"keepdims": 0}
    graph.make_node(
        "ReduceSum",
        [above.output[0], last],
        name=name,
        outputs=outputs,
        attr=attributes,
        shapes=[shape],
        dtypes=[dtype],
    )


HANDLERS = {
    "Bucketize": (_bucketize, []),
    "Erfc": _handler(_erfc),
    "Expm1": _handler(_expm1),
    "Log1p": _handler(_log1p),
}
