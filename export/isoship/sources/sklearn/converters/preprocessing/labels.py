"""LabelBinarizer: one column a class.

y [N, 1] -> Equal (classes) -> Where (pos_label, neg_label)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame
from isoship.sources.sklearn.walk.registry import Record, carries


@carries("LabelBinarizer", record=Record(same_bits=True, jumps=False))
def label_binarizer(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Three classes and more, in a column of strings or integers; an unseen class is neg_label throughout."""
    classes = links.label_values(model.classes_)
    if str(model.y_type_).startswith("multilabel") or len(classes) < 3:
        raise c.unsupported(
            model,
            "with fewer than three classes scikit-learn gives one column or two as the batch has it",
            "Use a OneHotEncoder, or an OrdinalEncoder for one column",
        )
    kind = {"U": "string", "i": "int64", "b": "bool"}.get(classes.dtype.kind)
    if len(frame) != 1 or frame[0].width != 1 or frame[0].dtype != kind:
        raise c.unsupported(
            model,
            "it refuses numbers that are not whole, and an input contract cannot say so",
            "Use a OneHotEncoder, or train it on a DataFrame column of strings or integers",
        )
    own = c.g.op("Equal", frame[0].name, c.g.const(classes.reshape(1, -1)))
    name = c.g.op("Where", own, np.int64(model.pos_label), np.int64(model.neg_label))
    return {"transform": (Block(name, "int64", len(classes)),)}
