"""What is given and is no model that isoship reads is called by its name, with its module and the way there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn.linear_model
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler
from sklearn.utils.metadata_routing import MetadataRequest

import isoship
from isoship.errors import IsoshipError, MissingExtraError, ModelFileError, UnsupportedModelError
from isoship.sources import open_source

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)
FITTED = LogisticRegression().fit(X, Y)


def of(module: str, name: str, *bases: type, **members) -> type:
    """A class as another package would define it."""
    return type(name, bases, {"__module__": module, "__qualname__": name, **members})


def first_column(self, x):
    return np.asarray(x)[:, 0]


def itself(self, x, y=None):
    return self


#: Fitted, and no attribute of it ends in an underscore.
BOOST = of("ngboost.api", "NGBRegressor", RegressorMixin, BaseEstimator, fit=itself, predict=first_column)
RIVER = of("river.linear_model.log_reg", "LogisticRegression", learn_one=itself, predict_one=itself)
RESULTS = of("statsmodels.regression.linear_model", "RegressionResultsWrapper", predict=first_column)
SPACY = of("spacy.lang.en", "English", __call__=first_column, pipe=first_column)
FLAX = of("flax.linen.module", "Net", init=itself, apply=first_column, __call__=first_column)
TF = of("tensorflow.python.module.module", "Net", __call__=first_column)
KERAS = of("__main__", "Net", of("keras.src.models.model", "Model", predict=first_column, fit=itself))
NETWORK = of("__main__", "Net", of("torch.nn.modules.module", "Module", forward=itself))
SUBCLASS = of("shop.models", "Mine", LogisticRegression)


class Sorted(TransformerMixin, BaseEstimator):
    """Learns nothing, and cannot be traced."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.sort(X, axis=0)


class Sign(ClassifierMixin, BaseEstimator):
    """Learns nothing, and says that it is fitted."""

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X):
        return (np.asarray(X)[:, 0] > 0).astype(int)


class Scorer:
    """Home-made, and no estimator."""

    def predict(self, rows):
        return np.asarray(rows)[:, 0]


class Wrapper:
    def __init__(self, model) -> None:
        self.model = model

    def predict(self, rows):
        return self.model.predict(rows)


def refusal_of(thing) -> IsoshipError:
    with pytest.raises(IsoshipError) as caught:
        open_source(thing, sample=X)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("thing", "says"),
    [
        (BOOST().fit(X, Y), "ngboost.api.NGBRegressor is not one of .* a class of the package ngboost"),
        (SUBCLASS().fit(X, Y), "shop.models.Mine .* answers as the LogisticRegression that it derives from"),
        (RIVER(), "river.linear_model.log_reg.LogisticRegression .* of the package river"),
        (RIVER, "river.linear_model.log_reg.LogisticRegression .* of the package river"),
        (SPACY(), "spacy.lang.en.English .* of the package spacy.* as a torch module, a Keras model or an .onnx file"),
        (FLAX(), "flax.linen.module.Net .* of the package flax.* as a torch module, a Keras model or an .onnx file"),
        (TF(), r"read from a SavedModel.* tf\.saved_model\.save\(model, 'folder'\) and export that folder"),
        (Scorer(), "Scorer .* of the package test_no_model.* as a torch module, a Keras model or an .onnx file"),
        (Wrapper(NETWORK()), "Wrapper .* attribute 'model' is a Net: give that"),
        (RESULTS(), "statsmodels.regression.linear_model.RegressionResultsWrapper .* of the package statsmodels"),
        (Wrapper(FITTED), "Wrapper .* attribute 'model' is a LogisticRegression: give that"),
        (Sorted().fit(X), r"Sorted\(\) .* stopped at .*test_no_model.py, line .* numpy.sort is not followed"),
        (Sign().fit(X, Y), "Sign is not one of scikit-learn's own classes"),
    ],
)
def test_models_of_others_are_named(thing, says) -> None:
    error = refusal_of(thing)
    assert isinstance(error, UnsupportedModelError)
    with pytest.raises(UnsupportedModelError, match=says):
        raise error


def test_a_network_without_torch_gets_the_line_that_installs_it(tmp_path) -> None:
    (tmp_path / "m.pt2").write_bytes(b"")
    for model in (NETWORK(), tmp_path / "m.pt2"):
        with pytest.raises(MissingExtraError, match=r"needs torch: pip install 'isoship\[torch\]'"):
            isoship.export(model, sample=X, out=tmp_path / "bundle")


@pytest.mark.parametrize(
    ("network", "way"),
    [
        (NETWORK, r"isoship\.export\(module\.eval\(\), sample=x\)"),
        (KERAS, "Give a model"),
    ],
)
def test_the_class_of_a_network_is_no_network(network: type, way: str) -> None:
    with pytest.raises(ModelFileError, match=rf"no model but the class __main__\.Net, .* {way}"):
        raise refusal_of(network)


def test_a_keras_model_without_its_extra_gets_the_line_that_installs_it(tmp_path) -> None:
    """What Keras runs on and what writes its graph are the extra's."""
    model = of("keras.src.models.model", "Model", predict=first_column)()
    with pytest.raises(MissingExtraError, match=r"pip install 'isoship\[keras\]'"):
        isoship.export(model, sample=X, out=tmp_path / "bundle")


@pytest.mark.parametrize(
    ("model", "path", "way"),
    [
        (
            make_pipeline(StandardScaler(), Sorted(), LogisticRegression()),
            "pipeline.steps[1] -> Sorted()",
            "write a converter",
        ),
        (make_pipeline(Sorted(), LogisticRegression()), "pipeline.steps[0] -> Sorted()", "write a converter"),
        (make_pipeline(StandardScaler(), Sign()), "pipeline.steps[1] -> Sign()", "Replace it"),
        (
            make_pipeline(make_column_transformer((Sorted(), [0]), remainder="passthrough"), LogisticRegression()),
            "pipeline.steps[0] -> columntransformer.transformers[0] -> Sorted()",
            "write a converter",
        ),
        (make_union(Sorted(), StandardScaler()), "featureunion.transformer_list[0] -> Sorted()", "write a converter"),
        (VotingClassifier([("a", FITTED), ("b", Sign())]), "votingclassifier.estimators_[1] -> Sign()", "Replace it"),
        (GridSearchCV(Sign(), {}, cv=2), "gridsearchcv.best_estimator_ -> Sign()", "Replace it"),
        (FrozenEstimator(make_pipeline(StandardScaler(), Sign())), "pipeline.steps[1] -> Sign()", "Replace it"),
    ],
)
def test_a_step_of_ones_own_is_named_by_its_path_and_never_called_unfitted(model, path, way) -> None:
    error = refusal_of(model.fit(X, Y))
    assert isinstance(error, UnsupportedModelError)
    assert error.step.endswith(path)
    assert way in error.instead


@pytest.mark.parametrize(
    ("thing", "says"),
    [
        (sklearn.linear_model, "the module sklearn.linear_model"),
        (GridSearchCV, "the class sklearn.model_selection._search.GridSearchCV, not a fitted object"),
        (FITTED.predict, "the function 'predict' of a LogisticRegression. Give the LogisticRegression itself"),
        (lambda x: x, "the function '<lambda>'"),
        ({"model": FITTED, "columns": ["a"]}, r"a dict. Its \['model'\] is a LogisticRegression: give that"),
        ((["a"], FITTED), r"a tuple. Its \[1\] is a LogisticRegression: give that"),
        (FITTED.__getstate__(), "a dict"),
        (X, "data, a numpy.ndarray"),
        (pd.DataFrame(X), "data, a pandas"),
        (None, "None"),
        (MetadataRequest(owner="x"), "sklearn.utils._metadata_requests.MetadataRequest, which is no estimator"),
        (KFold(), "sklearn.model_selection._split.KFold, which is no estimator"),
        (GridSearchCV(LogisticRegression(), {"C": [1.0]}), "this GridSearchCV is not fitted"),
        (make_pipeline(StandardScaler(), FITTED), r"this StandardScaler is not fitted \(pipeline.steps\[0\]\)"),
        (VotingClassifier([("a", LogisticRegression())]), "this VotingClassifier is not fitted"),
    ],
)
def test_what_is_no_model_is_called_what_it_is(thing, says) -> None:
    error = refusal_of(thing)
    with pytest.raises(ModelFileError, match=says):
        raise error


@pytest.mark.parametrize("step", [Normalizer(), FunctionTransformer(np.log1p), make_pipeline("passthrough")])
def test_steps_that_learn_nothing_need_no_fit(step) -> None:
    rows = np.abs(X)
    assert open_source(step, sample=rows).answers([{"x0": 1.0, "x1": 2.0, "x2": 3.0}]).outputs
