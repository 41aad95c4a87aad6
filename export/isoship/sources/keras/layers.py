"""Which layer of a model a node of its graph belongs to, and which one is the first that its graph does not carry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from isoship.errors import IsoshipError

#: Conversions that a search may take: each is a second or more.
_MOST = 24


def title(layer: Any, within: Sequence[str] = ()) -> str:
    """`layer encoder/resizing_1 (Resizing)`."""
    return f"layer {'/'.join((*within, layer.name))!r} ({type(layer).__name__})"


def layer_at(model: Any, node: str) -> str:
    """A node's name in a graph of TensorFlow's, `sequential_1/encoder_1/resizing/resize/Resize`, as a layer; the node
    itself where no layer has its name."""
    path = _layers_at(model, node)
    return title(path[-1], [layer.name for layer in path[:-1]]) if path else f"node {node!r}"


def path_of(model: Any, node: str) -> str:
    """`encoder/resizing`, of layers whose names are the model's own; empty where no layer has the node's name."""
    return "/".join(layer.name for layer in _layers_at(model, node, own=True))


def _layers_at(model: Any, node: str, *, own: bool = False) -> list[Any]:
    """The layers in which a node is, the outermost first. own: only those that a configuration names."""
    path: list[Any] = []
    inside = model
    for part in node.split("/"):
        layers = list(getattr(inside, "layers", ())) or ([] if own else _parts_of(inside))
        called = [each for each in layers if re.fullmatch(rf"{re.escape(each.name)}(_\d+)*", part)]
        match = min(called, key=lambda each: _unlike(part, each.name), default=None)
        if match is not None:
            path.append(match)
            inside = match
    return path


def wrong_layer(model: Any) -> str:
    """The first layer whose own answer the graph of the layers up to it does not give; empty where the model is no
    graph of layers, or none is found."""
    budget = [_MOST]
    return _wrong_in(model, [], budget)


def _wrong_in(model: Any, within: list[str], budget: list[int]) -> str:
    steps = [each for each in getattr(model, "operations", ()) if type(each).__name__ != "InputLayer"]
    if type(model).__name__ == "Sequential":
        steps = list(model.layers)
    if not steps:
        return ""
    low, high = 0, len(steps) - 1
    while low < high and budget[0] > 0:
        middle = (low + high) // 2
        if _differs(model, steps[middle], budget):
            high = middle
        else:
            low = middle + 1
    wrong = steps[low]
    if budget[0] <= 0 or not _differs(model, wrong, budget):
        return ""
    for above in _before(wrong, steps):
        if _differs(model, above, budget):
            wrong = above
    inner = _wrong_in(wrong, [*within, wrong.name], budget) if hasattr(wrong, "layers") else ""
    return inner or title(wrong, within)


def _differs(model: Any, step: Any, budget: list[int]) -> bool:
    """Whether the graph of the model up to this step is refused."""
    import keras

    from isoship.sources.keras.calls import call_of
    from isoship.sources.keras.function import answers_of, as_input, converted
    from isoship.sources.tensorflow.held import answered_call, refuse_differences
    from isoship.sources.tensorflow.operators import refuse_unknown
    from isoship_edge.manifest import Signature

    budget[0] -= 1
    try:
        part = keras.Model(model.inputs, step.output)
        call = call_of(part, None)
        inputs = tuple(as_input(call, i) for i in range(len(call.names)))
        answers = answers_of(part, call, step.name)
        names = list(answers(answered_call(inputs, answers)))
    except (ValueError, AttributeError, TypeError):
        return False  # a layer that is called twice has no one output
    except IsoshipError:
        return False
    try:
        graph, _ = converted(part, call, names)
        refuse_unknown(graph, str)
        refuse_differences(
            graph,
            Signature("tensors", (), inputs),
            answers,
            lambda _inputs, _name: step.name,
        )
    except IsoshipError:
        return True
    return False


def _before(step: Any, steps: Sequence[Any]) -> list[Any]:
    """The steps whose answers this one takes."""
    taken = [tensor for node in getattr(step, "_inbound_nodes", ()) for tensor in node.input_tensors]
    makers = [getattr(getattr(tensor, "_keras_history", None), "operation", None) for tensor in taken]
    return [each for each in makers if any(each is known for known in steps)]


def _parts_of(layer: Any) -> list[Any]:
    """Layers that a layer which is no model keeps inside."""
    flatten = getattr(layer, "_flatten_layers", None)
    return list(flatten(include_self=False, recursive=False)) if flatten is not None else []


def _unlike(part: str, name: str) -> tuple[bool, int]:
    """How far a scope is from the layer's name and one number, which is what TensorFlow makes of it: gru_1 is the layer
    gru, gru_1_1 the layer gru_1."""
    return part.removeprefix(name).count("_") != 1, -len(name)
