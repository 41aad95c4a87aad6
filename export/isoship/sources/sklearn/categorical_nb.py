"""CategoricalNB: the log probability of every column's category, added up.

codes [N, F] -> Gather (feature_log_prob_) [N, F, C] -> CumSum, Gather -1 -> Add (class_log_prior_) -> posterior
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.bayes import _posterior
from isoship.sources.sklearn.carrier import Carrier, Parts, carries
from isoship.sources.sklearn.frame import Frame, row
from isoship.sources.sklearn.interpolation import write_columns


@carries("CategoricalNB")
def categorical_nb(c: Carrier, model: Any, frame: Frame) -> Parts:
    """Behind an OrdinalEncoder, whose categories are the input contract: scikit-learn refuses every other code."""
    encoder = c.before()
    if type(encoder).__name__ != "OrdinalEncoder" or encoder.handle_unknown != "error":
        raise c.unsupported(
            model,
            "it refuses codes that training did not have, and an input contract cannot say so of plain numbers",
            "Put it behind an OrdinalEncoder with handle_unknown='error' in one Pipeline, and train both together",
        )
    x = c.doubles(frame, model)
    tables = [np.ascontiguousarray(np.asarray(each, np.float64).T) for each in model.feature_log_prob_]
    each = write_columns(c.g, tables, c.g.cast(x.name, np.int64))
    total = c.g.op("CumSum", each, np.int64(1)) if len(tables) > 1 else each
    total = c.g.op("Gather", total, np.int64(-1), axis=1)
    return _posterior(c, model, c.g.op("Add", total, row(model.class_log_prior_)))
