"""What web/model.json is worth as a proof: a graph that computes nothing agrees whatever TF.js does.

Older releases wrote such graphs for linear models, projections and kernels, whose every step ran in JavaScript.
Models that only choose, compare and look up leave TF.js nothing to compute, nor do powers, whose answers span more
decades than float32 has; web/ is then checked with the JavaScript around the graph, and stock TF.js is not asked.
"""

from __future__ import annotations

from typing import Literal

from isoship.parity.runners.contract import Shipped

#: computes: it does. spared: it does not, and the model has nothing to compute. idle: it does not, and the model has.
State = Literal["computes", "spared", "idle"]

#: The form in which TF.js alone runs web/model.json.
STOCK = "tfjs-stock"
#: The forms that a check asks web/model.json for: by TF.js alone, and by web/index.js.
FORMS = (STOCK, "web")

SAID = {
    "idle": (
        "not counted: web/model.json computes nothing of this model and hands through what JavaScript computed, as"
        " older releases wrote it for some models. Export it anew: isoship export"
    ),
    "spared": (
        "not counted: web/model.json computes nothing, since this model has nothing that TF.js could compute without"
        " losing digits (it chooses, compares or looks up, or its numbers span more decades than float32 has);"
        " what web/ answers is checked by itself"
    ),
}


def state_of(shipped: Shipped) -> State:
    """What the graph of a bundle with a web form is worth. One that cannot be read is its runtimes' affair; that of a
    model of tensors is the whole model."""
    if shipped.manifest.signature.layout == "tensors":
        return "computes"
    from isoship.tfjs.computing import computes, has_numbers_to_compute, in_doubles

    try:
        if computes(shipped.folder / "web"):
            return "computes"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "computes"
    if in_doubles(shipped.folder / "web"):
        return "spared"
    import onnx

    return "idle" if has_numbers_to_compute(onnx.load(shipped.folder / "model.onnx")) else "spared"
