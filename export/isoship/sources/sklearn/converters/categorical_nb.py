"""CategoricalNB: the log probability of every column's category, added up.

codes [N, F] -> Gather (feature_log_prob_) [N, F, C] -> CumSum, Gather -1 -> Add (class_log_prior_) -> posterior
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic.interpolation import write_columns
from isoship.sources.sklearn.converters.naive_bayes import bayesian
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Frame, row
from isoship.sources.sklearn.walk.registry import Record, carries
from isoship.sources.sklearn.walk.sees_raw_columns import at_front

_THIRD = np.array([2])


@carries("CategoricalNB", record=Record(same_bits=False, jumps=True))
def categorical_nb(c: Carrier, model: Any, frame: Frame) -> Parts:
    """On input columns, whose range of codes is in the contract, or behind an OrdinalEncoder, whose categories are."""
    encoder = c.before()
    if not at_front(c) and (type(encoder).__name__ != "OrdinalEncoder" or encoder.handle_unknown != "error"):
        raise c.unsupported(
            model,
            "it refuses codes that training did not have, which an input contract says of input columns alone",
            "Put it behind an OrdinalEncoder with handle_unknown='error' in one Pipeline, and train both together",
        )
    x = c.doubles(frame, model)
    tables = [np.ascontiguousarray(np.asarray(each, np.float64).T) for each in model.feature_log_prob_]
    # numbers beyond the contract, which a graph alone is not spared, give NaN and no place outside the table
    counts = row([table.shape[0] for table in tables])
    known = c.g.op("And", c.g.op("Greater", x.name, np.float64(-1)), c.g.op("Less", x.name, counts))
    codes = c.g.cast(c.g.op("Where", known, x.name, np.float64(0)), np.int64)
    each = c.g.op("Where", c.g.op("Unsqueeze", known, _THIRD), write_columns(c.g, tables, codes), np.float64(np.nan))
    total = c.g.op("CumSum", each, np.int64(1)) if len(tables) > 1 else each
    total = c.g.op("Gather", total, np.int64(-1), axis=1)
    return bayesian(c, model, c.g.op("Add", total, row(model.class_log_prior_)))
