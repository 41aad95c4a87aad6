"""Dummies: one answer for every row.

any column -> Equal (itself) -> Where (the answer, the answer)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic import links
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame
from isoship.sources.sklearn.walk.members import constant
from isoship.sources.sklearn.walk.registry import Record, carries


@carries("DummyRegressor", record=Record(same_bits=False, jumps=False))
def dummy_regressor(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The constant of each target, in the constant's own type."""
    values = links.label_values(np.ravel(model.constant_))
    values = np.broadcast_to(values, (model.n_outputs_,))
    dtype = {"i": "int64", "f": "double", "b": "bool", "U": "string"}[values.dtype.kind]
    return {"predict": (Block(constant(c, model, frame, values), dtype, len(values)),)}


@carries("DummyClassifier", record=Record(same_bits=False, jumps=False, label="lookup"))
def dummy_classifier(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The most frequent or the given class, and the prior or certainty."""
    if model._strategy in ("uniform", "stratified"):
        raise c.unsupported(
            model, f"strategy={model._strategy!r} draws its answers at random", "Use 'prior' or 'most_frequent'"
        )
    if model.sparse_output_:
        raise c.unsupported(model, "it was trained on sparse targets", "Train it on dense targets")
    several = model.n_outputs_ > 1
    classes = [np.asarray(each) for each in (model.classes_ if several else [model.classes_])]
    priors = [np.asarray(each, np.float64) for each in (model.class_prior_ if several else [model.class_prior_])]
    parts: Parts = {}
    labels = []
    for i, (names, prior) in enumerate(zip(classes, priors, strict=True)):
        chosen = int(prior.argmax())
        if model._strategy == "constant":
            chosen = int(np.flatnonzero(names == np.ravel(model.constant)[i])[0])
        shown = prior if model._strategy == "prior" else np.eye(len(names))[chosen]
        labels.append(links.label_values(names)[chosen])
        probabilities = Block(constant(c, model, frame, shown), "double", len(names))
        parts[f"predict_proba_{i}" if several else "predict_proba"] = (probabilities,)
    values = links.label_values(np.array(labels))
    if several and len({each.dtype.kind for each in map(links.label_values, classes)}) > 1:
        raise c.unsupported(model, "its targets have labels of different types", "Give all targets one type")
    dtype = {"i": "int64", "f": "double", "b": "bool", "U": "string"}[values.dtype.kind]
    parts["predict"] = (Block(constant(c, model, frame, values), dtype, len(values)),)
    return parts
