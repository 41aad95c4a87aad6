"""Whether an estimator is given a sparse matrix, on which some answer otherwise than on an array."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from isoship.sources.sklearn.carrier import Carrier
from isoship.sources.sklearn.inside import is_pipeline

#: Their output is dense whatever they are given.
_DENSE = frozenset(
    {
        "FactorAnalysis",
        "FastICA",
        "FeatureAgglomeration",
        "GaussianRandomProjection",
        "IncrementalPCA",
        "KMeans",
        "KNNImputer",
        "KernelPCA",
        "LinearDiscriminantAnalysis",
        "MiniBatchKMeans",
        "Nystroem",
        "OrdinalEncoder",
        "PCA",
        "PowerTransformer",
        "TargetEncoder",
        "TruncatedSVD",
    }
)


def sees_sparse(c: Carrier) -> bool:
    """Whether the estimator that is being carried may be given a sparse matrix: an earlier step may make one."""
    for parent, child in reversed(list(pairwise(c.walk))):
        if is_pipeline(parent):
            steps = [step for _, step in parent.steps]
            place = next(i for i, step in enumerate(steps) if step is child)
            told = _of_steps(steps[:place])
            if told is not None:
                return told
    return False


def _of_steps(steps: list[Any]) -> bool | None:
    for step in reversed(steps):
        told = _gives(step)
        if told is not None:
            return told
    return None


def _gives(step: Any) -> bool | None:
    """Whether a transformer's output is sparse; None where it is what its input is, as far as is known."""
    name = type(step).__name__
    if name == "ColumnTransformer":
        return bool(step.sparse_output_)
    if name == "FeatureUnion":
        told = [_gives(part) for _, part in step.transformer_list if part != "drop"]
        return True if True in told else None if None in told else False
    if hasattr(step, "steps"):
        return _of_steps([each for _, each in step.steps])
    if name == "KBinsDiscretizer":
        return bool(step.encode == "onehot")
    if hasattr(step, "sparse_output"):
        return bool(step.sparse_output)
    return False if name in _DENSE else None
