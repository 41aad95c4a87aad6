"""Tracing: what a user's own function does to its columns, followed into the graph.

The walk asks here for a FunctionTransformer of Python code and for an estimator of a class that isoship does not know,
after the converters from outside and before it refuses (`isoship.sources.sklearn.convert`).

    what the step is given (given) -> its own code, run over traced columns (run: arrays, columns, tables) -> nodes
        -> every tensor against numpy's on the same rows (proof) -> the step's blocks, or the line where it stopped
"""

from __future__ import annotations

from isoship.sources.sklearn.tracing.steps import look, may_be_traced, traced, untraceable, whole_in_some_batch

__all__ = ["look", "may_be_traced", "traced", "untraceable", "whole_in_some_batch"]
