"""Estimators that no graph can carry exactly, each with the reason and the way out."""

from __future__ import annotations

_SOLVER = "its transform runs an iterative solver for every batch, and where that stops depends on the whole batch"
_CODING = "its transform picks dictionary entries one by one, row by row, and a rounding error picks another one"
_GRAPH = "it answers with a sparse graph, a column for every training row, which is no table to ship"
_LINEAR = "Use a PCA or a TruncatedSVD instead"

#: scikit-learn's class name -> (why, what to do instead).
REFUSED = {
    "NMF": (_SOLVER, _LINEAR),
    "MiniBatchNMF": (_SOLVER, _LINEAR),
    "DictionaryLearning": (_CODING, _LINEAR),
    "MiniBatchDictionaryLearning": (_CODING, _LINEAR),
    "SparseCoder": (_CODING, _LINEAR),
    "LatentDirichletAllocation": (
        "its transform runs an iteration for every row, and a rounding error makes it stop a step earlier or later",
        "Use a TruncatedSVD instead",
    ),
    "LocallyLinearEmbedding": (
        "it solves a nearly singular system of equations for every row, and rounding shows in the answers",
        "Use a KernelPCA instead",
    ),
    "Isomap": (
        "it looks for shortest paths through its training rows, which no graph of tensors holds yet",
        "Use a KernelPCA instead",
    ),
    "KNeighborsTransformer": (_GRAPH, "Export the KNeighborsClassifier or KNeighborsRegressor that uses it"),
    "RadiusNeighborsTransformer": (_GRAPH, "Export the RadiusNeighborsClassifier or -Regressor that uses it"),
    "KernelDensity": (
        "scikit-learn's tree adds and takes away bounds of the sum, and rounds them to 1e-5 where the density is low",
        "Use a GaussianMixture instead",
    ),
    "LabelEncoder": (
        "it encodes targets and not columns: a fitted classifier answers with its classes by itself",
        "Use an OrdinalEncoder for columns, and leave it out of the exported model",
    ),
    "PolynomialCountSketch": (
        "it multiplies by Fourier transforms, whose rounding is as large as the largest product in the row",
        "Use PolynomialFeatures or a Nystroem with kernel='poly' instead",
    ),
    "RBFSampler": (
        "it takes cosines of projections without bound: with 30 standardised columns, a value of 1e9 moves the answer"
        " by 1e-7, as every matrix library rounds the projection in its own way",
        "Use a Nystroem instead, whose kernel fades with distance",
    ),
}
