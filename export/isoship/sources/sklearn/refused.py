"""Estimators that no graph can carry exactly, each with the reason and the way out."""

from __future__ import annotations

_SOLVER = "its transform runs an iterative solver for every batch, and where that stops depends on the whole batch"
_LINEAR = "Use a PCA or a TruncatedSVD instead"

#: scikit-learn's class name -> (why, what to do instead).
REFUSED = {
    "NMF": (_SOLVER, _LINEAR),
    "MiniBatchNMF": (_SOLVER, _LINEAR),
    "RBFSampler": (
        "it takes cosines of projections without bound: with 30 standardised columns, a value of 1e9 moves the answer"
        " by 1e-7, as every matrix library rounds the projection in its own way",
        "Use a Nystroem instead, whose kernel fades with distance",
    ),
}
