"""What our registry does not carry goes through skl2onnx, whose converters for trees are ours, and is inlined.

skl2onnx converts the estimator alone, on double, int64, bool and string inputs; its nodes then join the graph under
new names. Only estimators on the lists below may pass: everything else that skl2onnx converts may be wrong without a
word.
"""

from __future__ import annotations

from typing import Any

from isoship.errors import UnsupportedModelError
from isoship.onnx.graph import OPSET, OPSET_ML
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.fittedness import of_another_class
from isoship.sources.sklearn.walk.frame import Block, Frame
from isoship.sources.sklearn.walk.registry import key_of

#: Carried by `isoship.sources.sklearn.converters.trees`, whose converters skl2onnx is given with each call.
_TREES = frozenset(
    {
        "AdaBoostClassifier",
        "AdaBoostRegressor",
        "BaggingClassifier",
        "BaggingRegressor",
        "DecisionTreeClassifier",
        "DecisionTreeRegressor",
        "ExtraTreeClassifier",
        "ExtraTreeRegressor",
        "ExtraTreesClassifier",
        "ExtraTreesRegressor",
        "GradientBoostingClassifier",
        "GradientBoostingRegressor",
        "HistGradientBoostingClassifier",
        "HistGradientBoostingRegressor",
        "IsolationForest",
        "RandomForestClassifier",
        "RandomForestRegressor",
        "RandomTreesEmbedding",
    }
)

#: skl2onnx's own converters that were measured exact in double (tests/sources/converters/test_estimators.py).
_EXACT = frozenset({"GaussianProcessRegressor"})

#: onnx.TensorProto's numbers for the types that a block can have.
_DTYPES = {1: "float", 7: "int64", 8: "string", 9: "bool", 11: "double"}


def carried_names() -> frozenset[str]:
    """The classes that go this way."""
    return _TREES | _EXACT


def carry(c: Carrier, estimator: Any, frame: Frame) -> Parts:
    """Adds an estimator by way of skl2onnx.

    Raises:
        UnsupportedModelError: it is on no list, or skl2onnx refuses this configuration of it.
    """
    name = key_of(estimator)
    if name is None:
        raise of_another_class(c.path, estimator)
    if name not in _TREES | _EXACT:
        raise c.unsupported(
            estimator,
            "isoship has no exact conversion of it yet",
            "docs/support.md lists what is carried; replace it by one of those, or ask for it with an issue",
        )
    if not frame:
        raise c.unsupported(estimator, "it is given no columns", "Train it on at least one column")
    if name in _EXACT:
        frame = (c.doubles(frame, estimator),)
    wanted = _wanted(estimator)
    parts: Parts = {}
    model = _converted(c, estimator, frame, raw_scores=False)
    outputs = _inlined(c, model, frame)
    for method, place in wanted.items():
        if method != "decision_function" and place < len(outputs):
            parts[method] = (outputs[place],)
    if _is_classifier(estimator) and hasattr(estimator, "decision_function"):
        scores = _converted(c, estimator, frame, raw_scores=True)
        parts["decision_function"] = (_inlined(c, scores, frame)[1],)
    elif "decision_function" in wanted:
        parts["decision_function"] = (outputs[wanted["decision_function"]],)
    if _is_classifier(estimator) and len(outputs) > 2:
        for i, block in enumerate(outputs[1:]):
            parts[f"predict_proba_{i}"] = (block,)
        del parts["predict_proba"]
    return parts


def _is_classifier(estimator: Any) -> bool:
    from sklearn.base import is_classifier

    return bool(is_classifier(estimator))


def _wanted(estimator: Any) -> dict[str, int]:
    """Which output of skl2onnx's graph answers which method."""
    from sklearn.base import is_outlier_detector, is_regressor

    if _is_classifier(estimator):
        return {"predict": 0, "predict_proba": 1} if hasattr(estimator, "predict_proba") else {"predict": 0}
    if is_outlier_detector(estimator):
        return {"predict": 0, "decision_function": 1}
    if is_regressor(estimator):
        return {"predict": 0}
    return {"transform": 0}


def _converted(c: Carrier, estimator: Any, frame: Frame, *, raw_scores: bool) -> Any:
    """skl2onnx's model of the estimator alone, with one input a block: in0, in1, ..."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common import data_types

    from isoship.sources.sklearn.converters import trees

    kinds = {
        "double": data_types.DoubleTensorType,
        "float": data_types.FloatTensorType,
        "int64": data_types.Int64TensorType,
        "bool": data_types.BooleanTensorType,
        "string": data_types.StringTensorType,
    }
    inputs = [(f"in{i}", kinds[block.dtype]([None, block.width])) for i, block in enumerate(frame)]
    options = {"raw_scores": True} if raw_scores else {}
    try:
        return convert_sklearn(
            estimator,
            initial_types=inputs,
            options={id(estimator): options} if options else None,
            target_opset={"": OPSET, "ai.onnx.ml": OPSET_ML},
            model_optim=False,  # it takes out identities by copying every node; `_inlined` moves past them
            **trees.in_place(),
        )
    except UnsupportedModelError as err:
        raise c.unsupported(estimator, err.why, err.instead) from err
    except (RuntimeError, NotImplementedError, ValueError, TypeError, KeyError, AttributeError) as err:
        first = str(err).strip().splitlines()[0] if str(err).strip() else type(err).__name__
        raise c.unsupported(
            estimator,
            f"skl2onnx refuses this configuration ({first[:160]})",
            "Use another configuration, or ask for it with an issue",
        ) from err


def _inlined(c: Carrier, model: Any, frame: Frame) -> list[Block]:
    """Moves the model's nodes under new names, and returns its outputs.

    The nodes are not copied: those of a forest of a million nodes take 60 MB each time.
    """
    from onnx import numpy_helper

    graph = model.graph
    named = {graph_input.name: block.name for graph_input, block in zip(graph.input, frame, strict=True)}
    for tensor in graph.initializer:
        value = numpy_helper.to_array(tensor)
        named[tensor.name] = c.g.const(value.astype(str) if value.dtype == object else value, name=tensor.name)
    for node in graph.node:
        if node.op_type == "Identity":
            named[node.output[0]] = named[node.input[0]]
            continue
        node.input[:] = [named[name] if name else "" for name in node.input]
        for name in node.output:
            named[name] = c.g.name(name) if name else ""
        node.output[:] = [named[name] if name else "" for name in node.output]
        node.name = f"{node.op_type}_{node.output[0]}"
        c.g.nodes.append(node)
    blocks = []
    for output in graph.output:
        tensor_type = output.type.tensor_type
        shape = tensor_type.shape.dim
        width = shape[1].dim_value if len(shape) > 1 else None
        blocks.append(Block(named[output.name], _DTYPES[tensor_type.elem_type], width))
    return blocks
