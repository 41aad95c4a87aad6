"""Strategies for what stands last in a pipeline: classifiers, regressors, clusterers and detectors, and their metas."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
from drawn_steps import Estimators, builds, flags, pick, whole
from hypothesis import strategies as st
from sklearn import cluster, ensemble, linear_model, mixture, multiclass, naive_bayes, neighbors, neural_network, svm
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.covariance import EllipticEnvelope
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, TunedThresholdClassifierCV
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor

_seed = st.just(0)
_depth = whole(1, 4)
_few = whole(1, 4)
_hist = {
    "max_iter": _few,
    "max_leaf_nodes": whole(2, 6),
    "min_samples_leaf": whole(2, 5),
    "random_state": _seed,
    "early_stopping": st.just(False),
}


def _boosters(kind: str) -> list[Estimators]:
    """Those that are installed. kind: Classifier or Regressor."""
    found: list[Estimators] = []
    if importlib.util.find_spec("xgboost"):
        import xgboost

        make = getattr(xgboost, f"XGB{kind}")
        found.append(
            builds(
                make,
                n_estimators=_few,
                max_depth=_depth,
                booster=pick(["gbtree", "dart", "gblinear"]),
                learning_rate=pick([0.3, 1.0]),
                n_jobs=st.just(1),
                random_state=_seed,
            )
        )
    if importlib.util.find_spec("lightgbm"):
        import lightgbm

        make = getattr(lightgbm, f"LGBM{kind}")
        found.append(
            builds(
                make,
                n_estimators=_few,
                num_leaves=whole(2, 6),
                min_child_samples=whole(1, 5),
                boosting_type=pick(["gbdt", "dart"]),
                linear_tree=flags,
                verbose=st.just(-1),
                n_jobs=st.just(1),
                random_state=_seed,
            )
        )
    if importlib.util.find_spec("catboost"):
        import catboost

        make = getattr(catboost, f"CatBoost{kind}")
        found.append(
            builds(
                make,
                iterations=_few,
                depth=whole(1, 3),
                verbose=st.just(False),
                thread_count=st.just(1),
                allow_writing_files=st.just(False),
                random_seed=_seed,
            )
        )
    return found


_plain_classifiers: Estimators = st.one_of(
    builds(DecisionTreeClassifier, max_depth=_depth, random_state=_seed),
    builds(linear_model.LogisticRegression, C=pick([1.0, 0.01, 30.0]), fit_intercept=flags, max_iter=st.just(300)),
    builds(linear_model.RidgeClassifier),
    builds(
        linear_model.SGDClassifier,
        loss=pick(["hinge", "log_loss", "modified_huber", "perceptron"]),
        max_iter=st.just(20),
        tol=st.none(),
        random_state=_seed,
    ),
    builds(ensemble.RandomForestClassifier, n_estimators=_few, max_depth=_depth, random_state=_seed),
    builds(ensemble.ExtraTreesClassifier, n_estimators=_few, max_depth=_depth, bootstrap=flags, random_state=_seed),
    builds(
        ensemble.GradientBoostingClassifier,
        n_estimators=_few,
        max_depth=_depth,
        subsample=pick([1.0, 0.7]),
        random_state=_seed,
    ),
    builds(ensemble.HistGradientBoostingClassifier, **_hist),
    builds(ensemble.AdaBoostClassifier, n_estimators=_few, random_state=_seed),
    builds(naive_bayes.GaussianNB, var_smoothing=pick([1e-9, 1e-2])),
    builds(LinearDiscriminantAnalysis),
    builds(QuadraticDiscriminantAnalysis, reg_param=st.just(0.1)),
    builds(neighbors.KNeighborsClassifier, n_neighbors=whole(1, 4), weights=pick(["uniform", "distance"])),
    builds(neighbors.NearestCentroid),
    builds(svm.SVC, kernel=pick(["rbf", "linear", "poly", "sigmoid"]), C=pick([1.0, 10.0]), random_state=_seed),
    builds(svm.LinearSVC, random_state=_seed),
    builds(
        neural_network.MLPClassifier,
        hidden_layer_sizes=pick([(2,), (3, 2)]),
        activation=pick(["relu", "tanh", "logistic", "identity"]),
        max_iter=st.just(8),
        random_state=_seed,
    ),
    builds(DummyClassifier, strategy=pick(["prior", "most_frequent"])),
    *_boosters("Classifier"),
)

_plain_regressors: Estimators = st.one_of(
    builds(DecisionTreeRegressor, max_depth=_depth, random_state=_seed),
    builds(linear_model.Ridge, alpha=pick([1.0, 0.1]), fit_intercept=flags),
    builds(linear_model.ElasticNet, alpha=pick([0.1, 1.0])),
    builds(linear_model.HuberRegressor, max_iter=st.just(50)),
    builds(linear_model.TweedieRegressor, power=pick([0, 1, 1.5, 2]), link=pick(["auto", "log"])),
    builds(ExtraTreeRegressor, max_depth=_depth, random_state=_seed),
    builds(ensemble.RandomForestRegressor, n_estimators=_few, max_depth=_depth, random_state=_seed),
    builds(ensemble.ExtraTreesRegressor, n_estimators=_few, max_depth=_depth, random_state=_seed),
    builds(
        ensemble.GradientBoostingRegressor,
        n_estimators=_few,
        max_depth=_depth,
        loss=pick(["squared_error", "absolute_error", "huber", "quantile"]),
        random_state=_seed,
    ),
    builds(
        ensemble.HistGradientBoostingRegressor,
        loss=pick(["squared_error", "absolute_error", "poisson", "gamma"]),
        **_hist,
    ),
    builds(ensemble.AdaBoostRegressor, n_estimators=_few, random_state=_seed),
    builds(ensemble.BaggingRegressor, n_estimators=_few, max_features=pick([1.0, 0.6]), random_state=_seed),
    builds(neighbors.KNeighborsRegressor, n_neighbors=whole(1, 4), weights=pick(["uniform", "distance"])),
    builds(svm.SVR, kernel=pick(["rbf", "linear", "poly"])),
    builds(
        neural_network.MLPRegressor,
        hidden_layer_sizes=pick([(2,), (3, 2)]),
        activation=pick(["relu", "tanh"]),
        max_iter=st.just(8),
        random_state=_seed,
    ),
    builds(DummyRegressor, strategy=pick(["mean", "median"])),
    *_boosters("Regressor"),
)


def _pair(names: tuple[str, str], members: Estimators) -> st.SearchStrategy[list[tuple[str, Any]]]:
    return st.tuples(members, members).map(lambda two: list(zip(names, two, strict=True)))


def _classifier_metas(inner: Estimators) -> Estimators:
    return st.one_of(
        builds(CalibratedClassifierCV, inner, method=pick(["sigmoid", "isotonic"]), cv=st.just(2), ensemble=flags),
        builds(ensemble.VotingClassifier, _pair(("a", "b"), inner), voting=pick(["hard", "soft"])),
        builds(
            ensemble.StackingClassifier,
            _pair(("a", "b"), inner),
            final_estimator=st.just(linear_model.LogisticRegression()),
            cv=st.just(2),
            passthrough=flags,
        ),
        builds(multiclass.OneVsRestClassifier, inner),
        builds(multiclass.OneVsOneClassifier, inner),
        builds(ensemble.BaggingClassifier, inner, n_estimators=_few, max_features=pick([1.0, 0.6]), random_state=_seed),
        builds(FixedThresholdClassifier, inner, threshold=pick([0.4, 0.7]), response_method=st.just("predict_proba")),
        builds(TunedThresholdClassifierCV, inner, cv=st.just(2), random_state=_seed),
        builds(MultiOutputClassifier, inner),
        inner.map(lambda model: GridSearchCV(model, {}, cv=2)),
    )


def _regressor_metas(inner: Estimators) -> Estimators:
    return st.one_of(
        builds(
            TransformedTargetRegressor,
            inner,
            func=st.just(np.log1p),
            inverse_func=st.just(np.expm1),
        ),
        builds(TransformedTargetRegressor, inner, transformer=st.just(StandardScaler())),
        builds(ensemble.VotingRegressor, _pair(("a", "b"), inner)),
        builds(
            ensemble.StackingRegressor,
            _pair(("a", "b"), inner),
            final_estimator=st.just(linear_model.Ridge()),
            cv=st.just(2),
            passthrough=flags,
        ),
        builds(ensemble.BaggingRegressor, inner, n_estimators=_few, random_state=_seed),
        builds(MultiOutputRegressor, inner),
        inner.map(lambda model: GridSearchCV(model, {}, cv=2)),
    )


classifiers: Estimators = st.one_of(_plain_classifiers, _plain_classifiers, _classifier_metas(_plain_classifiers))
regressors: Estimators = st.one_of(_plain_regressors, _plain_regressors, _regressor_metas(_plain_regressors))

#: Without a target: clusters and outliers.
unsupervised: Estimators = st.one_of(
    builds(cluster.KMeans, n_clusters=whole(1, 4), n_init=st.just(1), random_state=_seed),
    builds(cluster.MiniBatchKMeans, n_clusters=whole(1, 3), n_init=st.just(1), random_state=_seed),
    builds(mixture.GaussianMixture, n_components=whole(1, 2), reg_covar=st.just(1e-2), random_state=_seed),
    builds(ensemble.IsolationForest, n_estimators=_few, contamination=pick(["auto", 0.1]), random_state=_seed),
    builds(neighbors.LocalOutlierFactor, n_neighbors=whole(2, 4), novelty=st.just(True)),
    builds(svm.OneClassSVM, nu=pick([0.5, 0.1])),
    builds(linear_model.SGDOneClassSVM, random_state=_seed),
    builds(EllipticEnvelope, support_fraction=st.just(1.0), random_state=_seed),
)
