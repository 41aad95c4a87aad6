"""skl2onnx's own graphs, compiled: the same labels as in ONNX Runtime on every row, thresholds among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.cluster import KMeans
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, Normalizer, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier
from tfjs_graphs import BACKENDS

import isoship
from isoship.errors import UnsupportedModelError
from isoship.tfjs.network import compile_network

X, THREE = make_classification(300, 8, n_informative=6, n_classes=3, random_state=0)
X = X.astype(np.float32)
TWO, VALUE = THREE > 0, 2 * X[:, 0] + X[:, 1]

MODELS: dict[str, Callable[[], Any]] = {
    "forest": lambda: RandomForestClassifier(20, max_depth=6, random_state=0).fit(X, THREE),
    "forest of two classes": lambda: RandomForestClassifier(20, max_depth=6, random_state=0).fit(X, TWO),
    "forest, regressor": lambda: RandomForestRegressor(10, max_depth=5, random_state=0).fit(X, VALUE),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=10, random_state=0).fit(X, THREE),
    "boosting of two classes": lambda: GradientBoostingClassifier(n_estimators=10, random_state=0).fit(X, TWO),
    "histograms": lambda: HistGradientBoostingClassifier(max_iter=10).fit(X, THREE),
    "histograms, regressor": lambda: HistGradientBoostingRegressor(max_iter=10).fit(X, VALUE),
    "tree": lambda: DecisionTreeClassifier(max_depth=5, random_state=0).fit(X, THREE),
    "logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression()).fit(X, THREE),
    "logistic of two classes": lambda: make_pipeline(StandardScaler(), LogisticRegression()).fit(X, TWO),
    "linear": lambda: LinearRegression().fit(X, VALUE),
    "perceptron": lambda: MLPClassifier(max_iter=30, random_state=0).fit(X, THREE),
    "normalizer": lambda: make_pipeline(Normalizer(), LogisticRegression()).fit(X, THREE),
    "binarizer": lambda: make_pipeline(Binarizer(), LogisticRegression()).fit(X, THREE),
    "components": lambda: make_pipeline(PCA(3), LogisticRegression()).fit(X, THREE),
    "means": lambda: KMeans(3, random_state=0).fit(X),
    "bayes": lambda: GaussianNB().fit(X, THREE),
    "vectors, rbf": lambda: SVR().fit(X, VALUE),
    "vectors, poly": lambda: SVR(kernel="poly", coef0=1.0, gamma=0.1).fit(X, VALUE),
    "vectors, sigmoid": lambda: SVR(kernel="sigmoid", gamma=0.01).fit(X, VALUE),
    "vectors, linear": lambda: SVR(kernel="linear").fit(X, VALUE),
    "neighbors": lambda: KNeighborsClassifier().fit(X, THREE),
}


def exported(model: Any) -> Any:
    options = {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None
    return to_onnx(model, X[:1], options=options)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", list(MODELS))
def test_the_same_labels_as_onnx_runtime(name: str, run: Callable[..., Any]) -> None:
    made = exported(MODELS[name]())
    network = compile_network(made)
    rows = np.concatenate([X, np.nextafter(X[:40], np.float32(np.inf))])
    (port,) = network.inputs
    session = onnxruntime.InferenceSession(made.SerializeToString())
    expected = session.run([out.name for out in network.outputs], {port.name: rows})
    for backend in BACKENDS:
        for some in (rows, rows[:1], rows[:3]):
            found = run(network, {port.name: some}, backend)
            for out, x in zip(network.outputs, expected, strict=True):
                if x.dtype.kind in "iu":
                    np.testing.assert_array_equal(found[out.name], x[: len(some)], err_msg=f"{backend} {out.name}")
                else:
                    np.testing.assert_allclose(found[out.name], x[: len(some)], rtol=1e-5, atol=5e-6, err_msg=backend)


def test_what_is_not_carried_is_refused_by_its_node() -> None:
    with pytest.raises(UnsupportedModelError, match=r"SVMClassifier \(node 'SVMc'\)"):
        compile_network(exported(SVC(probability=True, random_state=0).fit(X, THREE)))


def of_version_5() -> Any:
    """The trees of a graph that isoship writes itself."""
    model = isoship.to_onnx(RandomForestRegressor(4, max_depth=4, random_state=0).fit(X, VALUE), sample=X)
    (node,) = [node for node in model.graph.node if node.op_type == "TreeEnsemble"]
    inputs = [helper.make_tensor_value_info(node.input[0], TensorProto.FLOAT, ["N", 8])]
    outputs = [helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, ["N", 4])]
    graph = helper.make_graph([node], "trees", inputs, outputs)
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=10)


def test_an_ensemble_of_version_5(run: Callable[..., Any]) -> None:
    made = of_version_5()
    (given,), (out,) = made.graph.input, made.graph.output
    rows = np.concatenate([X, np.nextafter(X[:40], np.float32(np.inf))])
    (expected,) = onnxruntime.InferenceSession(made.SerializeToString()).run(None, {given.name: rows})
    for backend in BACKENDS:
        np.testing.assert_array_equal(run(made, {given.name: rows}, backend)[out.name], expected, err_msg=backend)
