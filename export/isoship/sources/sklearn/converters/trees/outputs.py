"""What every converter here shares on its way out: types and shapes for skl2onnx, labels from class numbers, links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from skl2onnx.common.data_types import BooleanTensorType, DoubleTensorType, Int64TensorType, StringTensorType

from isoship.errors import UnsupportedModelError
from isoship.onnx.graph import GraphBuilder

Converter = Callable[[Any, Any, Any], None]
Shapes = Callable[[Any], None]
Parser = Callable[..., Any]


class Conversion(NamedTuple):
    """What one call of skl2onnx uses for an estimator in the place of its own: see `trees.in_place`."""

    estimator: type
    convert: Converter
    shapes: Shapes
    parser: Parser | None = None


def classifier(estimator: type, convert: Converter) -> Conversion:
    return Conversion(estimator, convert, _classifier_shapes, _parse_classifier)


def regressor(estimator: type, convert: Converter) -> Conversion:
    return Conversion(estimator, convert, _regressor_shapes)


def classes_per_output(model: Any) -> list[np.ndarray[Any, Any]]:
    """The classes of each output of a classifier; one entry unless it was fitted on several targets."""
    return [np.asarray(each) for each in model.classes_] if several_outputs(model) else [np.asarray(model.classes_)]


def several_outputs(model: Any) -> bool:
    return isinstance(model.classes_, list)


def write_label(g: GraphBuilder, model: Any, container: Any, number: str, out: str) -> None:
    """Adds the label: the class with this number, [N]."""
    classes = model.classes_
    if _option(container, model, "nocl"):
        classes = np.arange(len(classes))
    g.op("Gather", g.const(label_values(classes), name="classes"), number, out=out, axis=0)


def write_classes(g: GraphBuilder, model: Any, container: Any, scores: str, outs: Any) -> None:
    """Adds label and probabilities where the label is the first class with the highest of these probabilities."""
    write_label(g, model, container, g.op("ArgMax", scores, axis=1, keepdims=0), outs[0].full_name)
    g.op("Identity", scores, out=outs[1].full_name)


def write_expit(g: GraphBuilder, raw: str) -> str:
    """Adds 1 / (1 + exp(-raw)), within 2 ulp of `scipy.special.expit`; exp overflows to infinity, which gives 0."""
    return g.op("Div", np.float64(1), g.op("Add", np.float64(1), g.op("Exp", g.op("Neg", raw))), seed="expit")


def write_softmax(g: GraphBuilder, raw: str) -> str:
    """Adds scikit-learn's softmax along axis 1: the highest subtracted, exp, divided by the sum."""
    axes = np.array([1], np.int64)
    exp = g.op("Exp", g.op("Sub", raw, g.op("ReduceMax", raw, axes, keepdims=1)))
    return g.op("Div", exp, g.op("ReduceSum", exp, axes, keepdims=1), seed="softmax")


def write_two_columns(g: GraphBuilder, positive: str, out: str | None = None) -> str:
    """Adds [1 - p, p], [N, 2], from p [N, 1]."""
    return g.op("Concat", g.op("Sub", np.float64(1), positive), positive, out=out, seed="probabilities", axis=1)


def raw_scores_wanted(model: Any, container: Any) -> bool:
    """Whether the decision function is wanted in the place of the probabilities.

    Raises:
        UnsupportedModelError: it is, and the model has none.
    """
    wanted = _option(container, model, "raw_scores")
    if wanted and not hasattr(model, "decision_function"):
        raise UnsupportedModelError(
            type(model).__name__, "it has no decision_function", "Ask for its probabilities instead of scores"
        )
    return wanted


def _option(of: Any, model: Any, name: str) -> bool:
    """An option of the conversion; False, too, for estimators to which skl2onnx gives no such option."""
    return bool((of.get_options(model, {name: False}, fail=False) or {}).get(name))


def label_values(classes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Classes in a type that ONNX labels have: int64, double, bool or string, the values unchanged."""
    classes = np.asarray(classes)
    if classes.dtype.kind in "iu":
        return classes.astype(np.int64)
    if classes.dtype.kind == "f":
        return classes.astype(np.float64)
    return classes if classes.dtype.kind == "b" else classes.astype(str)


def _label_type(classes: np.ndarray[Any, Any]) -> Any:
    kinds = {"i": Int64TensorType, "f": DoubleTensorType, "b": BooleanTensorType, "U": StringTensorType}
    return kinds[label_values(classes).dtype.kind]


def _parse_classifier(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:
    """Declares label and probabilities, one tensor of probabilities for each target the classifier was fitted on."""
    operator = scope.declare_local_operator(f"Isoship{type(model).__name__}", model)
    operator.inputs = inputs
    operator.outputs.append(scope.declare_local_variable("label", Int64TensorType()))
    several = several_outputs(model)
    for i in range(len(classes_per_output(model))):
        name = f"probabilities_{i}" if several else "probabilities"
        operator.outputs.append(scope.declare_local_variable(name, DoubleTensorType()))
    return operator.outputs


def _classifier_shapes(operator: Any) -> None:
    model = operator.raw_operator
    rows = operator.inputs[0].get_first_dimension()
    scope = operator.scope_inst
    targets = classes_per_output(model)
    if _option(scope, model, "nocl"):
        label = Int64TensorType
    else:
        kinds = {_label_type(classes) for classes in targets}
        if len(kinds) > 1:
            raise UnsupportedModelError(
                type(model).__name__,
                "its targets have labels of different types, which one label tensor cannot hold",
                "Encode all targets as integers or all as strings, or train one model a target",
            )
        label = kinds.pop()
    operator.outputs[0].set_type(label([rows, len(targets)] if several_outputs(model) else [rows]))
    for output, classes in zip(operator.outputs[1:], targets, strict=False):
        one_column = _option(scope, model, "raw_scores") and len(classes) == 2
        output.set_type(DoubleTensorType([rows, 1 if one_column else len(classes)]))


def _regressor_shapes(operator: Any) -> None:
    model = operator.raw_operator
    first = np.ravel(getattr(model, "estimators_", [model]))[0]  # a bag does not say how many targets it has
    outputs = getattr(model, "n_outputs_", getattr(first, "n_outputs_", 1))
    operator.outputs[0].set_type(DoubleTensorType([operator.inputs[0].get_first_dimension(), outputs]))
