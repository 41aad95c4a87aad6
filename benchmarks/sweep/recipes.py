"""How each estimator is fitted: its parameters, tables and targets. One recipe a configuration, one or more a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: Without a method that takes rows seen for the first time: there is nothing to ship.
METHODS = ("predict", "transform", "predict_proba", "decision_function", "score_samples")

#: No table of rows goes in: left out of the sweep.
LEFT_OUT = {"PatchExtractor": "it takes images, [N, H, W], and returns another number of rows"}


@dataclass(frozen=True)
class Recipe:
    """One configuration. parameters: beyond those of PARAMETERS. table and target: names in `tables`."""

    label: str
    table: str
    target: str
    parameters: tuple[tuple[str, Any], ...] = ()


#: Parameters that an estimator needs, or with which it fits in moments on a small table.
PARAMETERS: dict[str, dict[str, Any]] = {
    "AdaBoostClassifier": {"n_estimators": 8, "random_state": 0},
    "AdaBoostRegressor": {"n_estimators": 8, "random_state": 0},
    "BaggingClassifier": {"n_estimators": 6, "max_features": 0.8, "random_state": 0},
    "BaggingRegressor": {"n_estimators": 6, "max_features": 0.8, "random_state": 0},
    "BayesianGaussianMixture": {"n_components": 3, "random_state": 0},
    "BernoulliRBM": {"n_components": 4, "n_iter": 3, "random_state": 0},
    "BisectingKMeans": {"n_clusters": 4, "random_state": 0},
    "CalibratedClassifierCV": {"cv": 2},
    "DictionaryLearning": {"n_components": 3, "max_iter": 20, "random_state": 0},
    "ExtraTreesClassifier": {"n_estimators": 8, "random_state": 0},
    "ExtraTreesRegressor": {"n_estimators": 8, "random_state": 0},
    "FastICA": {"n_components": 3, "random_state": 0},
    "FeatureAgglomeration": {"n_clusters": 2},
    "FactorAnalysis": {"n_components": 2},
    "GaussianMixture": {"n_components": 3, "random_state": 0},
    "GaussianProcessRegressor": {"alpha": 1e-2, "random_state": 0},
    "GaussianRandomProjection": {"n_components": 3, "random_state": 0},
    "GradientBoostingClassifier": {"n_estimators": 6, "random_state": 0},
    "GradientBoostingRegressor": {"n_estimators": 10, "random_state": 0},
    "HistGradientBoostingClassifier": {"max_iter": 8, "max_leaf_nodes": 8, "random_state": 0, "min_samples_leaf": 5},
    "HistGradientBoostingRegressor": {"max_iter": 10, "max_leaf_nodes": 8, "random_state": 0, "min_samples_leaf": 5},
    "IncrementalPCA": {"n_components": 3},
    "Isomap": {"n_components": 2, "n_neighbors": 8},
    "IsolationForest": {"n_estimators": 10, "random_state": 0},
    "IterativeImputer": {"max_iter": 3, "random_state": 0},
    "KMeans": {"n_clusters": 4, "n_init": 2, "random_state": 0},
    "KernelPCA": {"n_components": 3},
    "LatentDirichletAllocation": {"n_components": 3, "max_iter": 5, "random_state": 0},
    "LocalOutlierFactor": {"novelty": True},
    "LocallyLinearEmbedding": {"n_components": 2, "n_neighbors": 8, "random_state": 0},
    "LogisticRegression": {"max_iter": 1000},
    "LogisticRegressionCV": {"Cs": 2, "cv": 2, "max_iter": 1000},
    "MLPClassifier": {"hidden_layer_sizes": (8,), "max_iter": 60, "random_state": 0},
    "MLPRegressor": {"hidden_layer_sizes": (8,), "max_iter": 60, "random_state": 0},
    "MiniBatchDictionaryLearning": {"n_components": 3, "max_iter": 10, "random_state": 0},
    "MiniBatchKMeans": {"n_clusters": 4, "n_init": 2, "random_state": 0},
    "MiniBatchNMF": {"n_components": 3, "random_state": 0},
    "MiniBatchSparsePCA": {"n_components": 2, "max_iter": 20, "random_state": 0},
    "NMF": {"n_components": 3, "random_state": 0, "max_iter": 400},
    "Nystroem": {"n_components": 20, "random_state": 0},
    "OrthogonalMatchingPursuitCV": {"max_iter": 3},
    "PCA": {"n_components": 3},
    "PolynomialCountSketch": {"n_components": 8, "random_state": 0},
    "QuantileTransformer": {"n_quantiles": 40},
    "RANSACRegressor": {"random_state": 0},
    "RBFSampler": {"n_components": 10, "random_state": 0},
    "RandomForestClassifier": {"n_estimators": 8, "random_state": 0},
    "RandomForestRegressor": {"n_estimators": 8, "random_state": 0},
    "RandomTreesEmbedding": {"n_estimators": 8, "max_depth": 3, "random_state": 0},
    "SGDClassifier": {"loss": "modified_huber", "random_state": 0},
    "SGDRegressor": {"random_state": 0},
    "SelectKBest": {"k": 3},
    "SkewedChi2Sampler": {"n_components": 10, "random_state": 0},
    "SparsePCA": {"n_components": 2, "max_iter": 20, "random_state": 0},
    "SparseRandomProjection": {"n_components": 3, "random_state": 0},
    "TheilSenRegressor": {"random_state": 0, "max_subpopulation": 200},
    "TruncatedSVD": {"n_components": 3, "random_state": 0},
    "RadiusNeighborsClassifier": {"radius": 20.0, "outlier_label": "most_frequent"},
    "RadiusNeighborsRegressor": {"radius": 20.0},
    "RadiusNeighborsTransformer": {"radius": 10.0},
}

#: The table that an estimator needs, where `plain` will not do; the second is its table of real columns.
TABLES: dict[str, tuple[str, str | None]] = {
    "AdditiveChi2Sampler": ("positive", "real"),
    "BernoulliRBM": ("unit", None),
    "CategoricalNB": ("codes", None),
    "ColumnTransformer": ("mixed", None),
    "ComplementNB": ("counts", "real"),
    "CountVectorizer": ("texts", None),
    "DictVectorizer": ("records", None),
    "FeatureHasher": ("records", None),
    "HashingVectorizer": ("texts", None),
    "IsotonicRegression": ("single", "real_single"),
    "KernelCenterer": ("kernel", None),
    "LabelBinarizer": ("labels", None),
    "LabelEncoder": ("labels", None),
    "LatentDirichletAllocation": ("counts", None),
    "MiniBatchNMF": ("positive", "real"),
    "MultiLabelBinarizer": ("label_sets", None),
    "MultinomialNB": ("counts", "real"),
    "NMF": ("positive", "real"),
    "OneHotEncoder": ("words", "codes"),
    "OrdinalEncoder": ("words", "codes"),
    "SkewedChi2Sampler": ("positive", "real"),
    "TargetEncoder": ("words", "codes"),
    "TfidfTransformer": ("counts", "real"),
    "TfidfVectorizer": ("texts", None),
    "MissingIndicator": ("gappy", None),
    "SimpleImputer": ("gappy", "real"),
    "KNNImputer": ("gappy", "real"),
    "IterativeImputer": ("gappy", "real"),
}

#: Targets where the class says less than is needed.
TARGETS: dict[str, tuple[str, ...]] = {
    "CCA": ("values",),
    "ClassifierChain": ("several",),
    "FixedThresholdClassifier": ("binary",),
    "GammaRegressor": ("amounts",),
    "IsotonicRegression": ("value",),
    "MultiOutputClassifier": ("several",),
    "MultiOutputRegressor": ("values",),
    "MultiTaskElasticNet": ("values",),
    "MultiTaskElasticNetCV": ("values",),
    "MultiTaskLasso": ("values",),
    "MultiTaskLassoCV": ("values",),
    "PLSCanonical": ("values",),
    "PLSSVD": ("values",),
    "PoissonRegressor": ("amounts",),
    "RegressorChain": ("values",),
    "TweedieRegressor": ("amounts",),
    "TunedThresholdClassifierCV": ("binary",),
    # selection needs something to select by
    "GenericUnivariateSelect": ("classes",),
    "NeighborhoodComponentsAnalysis": ("classes",),
    "RFE": ("classes",),
    "RFECV": ("classes",),
    "SelectFdr": ("classes",),
    "SelectFpr": ("classes",),
    "SelectFromModel": ("classes",),
    "SelectFwe": ("classes",),
    "SelectKBest": ("classes",),
    "SelectPercentile": ("classes",),
    "SequentialFeatureSelector": ("classes",),
    "SelfTrainingClassifier": ("codes", "binary"),
    "TargetEncoder": ("value", "classes"),
    "GridSearchCV": ("classes", "binary"),
    "RandomizedSearchCV": ("classes",),
    "HalvingGridSearchCV": ("classes",),
    "HalvingRandomSearchCV": ("classes",),
    "Pipeline": ("classes", "binary"),
    "FrozenEstimator": ("classes", "binary"),
    "ColumnTransformer": ("none",),
    "FeatureUnion": ("none",),
}

#: Further configurations, on the estimator's first table and target unless `table` or `target` say otherwise.
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "AdaBoostRegressor": [{"loss": "square"}],
    "BernoulliNB": [{"binarize": 1.5}],
    "Binarizer": [{"threshold": 0.1}],
    "ColumnTransformer": [{"sparse_threshold": 0.0}],
    "DecisionTreeClassifier": [
        {"max_depth": 3, "splitter": "random"},
        {"criterion": "entropy", "class_weight": "balanced"},
    ],
    "DecisionTreeRegressor": [
        {"criterion": "absolute_error", "max_depth": 4},
        {"criterion": "poisson", "target": "amounts"},
    ],
    "GaussianMixture": [{"covariance_type": kind} for kind in ("tied", "diag", "spherical")],
    "GradientBoostingClassifier": [{"loss": "exponential", "target": "binary"}, {"init": "zero"}],
    "GradientBoostingRegressor": [{"loss": "huber"}, {"loss": "quantile"}, {"init": "zero"}],
    "HistGradientBoostingRegressor": [
        {"loss": "poisson", "target": "amounts"},
        {"loss": "quantile", "quantile": 0.7},
        {"categorical_features": [0, 2], "table": "codes"},
    ],
    "HistGradientBoostingClassifier": [{"categorical_features": [1], "table": "codes"}],
    "HuberRegressor": [{"epsilon": 1.1}],
    "KBinsDiscretizer": [
        {"encode": "ordinal"},
        {"encode": "onehot-dense", "strategy": "uniform"},
        {"encode": "ordinal", "strategy": "kmeans", "random_state": 0},
        {"encode": "ordinal", "table": "real"},
    ],
    "KNeighborsClassifier": [{"weights": "distance"}, {"p": 1}],
    "KNeighborsRegressor": [{"weights": "distance"}, {"p": 1}],
    "LinearDiscriminantAnalysis": [{"solver": "lsqr"}, {"solver": "eigen"}],
    "LogisticRegression": [{"solver": "liblinear", "target": "binary"}, {"fit_intercept": False}],
    "MLPClassifier": [{"activation": name} for name in ("tanh", "logistic", "identity")],
    "MLPRegressor": [{"activation": "tanh"}],
    "MinMaxScaler": [{"clip": True}, {"feature_range": (-1, 3), "table": "real"}],
    "MissingIndicator": [{"features": "all"}],
    "Normalizer": [{"norm": "l1"}, {"norm": "max"}],
    "OneHotEncoder": [
        {"handle_unknown": "ignore"},
        {"drop": "first"},
        {"drop": "if_binary", "handle_unknown": "ignore"},
        {"handle_unknown": "infrequent_if_exist", "max_categories": 3},
        {"sparse_output": False, "min_frequency": 20},
    ],
    "OrdinalEncoder": [{"handle_unknown": "use_encoded_value", "unknown_value": -1}],
    "PCA": [{"whiten": True}],
    "PolynomialFeatures": [{"degree": 3, "interaction_only": True}, {"include_bias": False}],
    "PowerTransformer": [{"method": "box-cox", "table": "positive"}, {"standardize": False}],
    "QuantileTransformer": [{"output_distribution": "normal"}],
    "QuadraticDiscriminantAnalysis": [{"reg_param": 0.1}],
    "RobustScaler": [{"unit_variance": True}],
    "SGDClassifier": [{"loss": "log_loss"}, {"loss": "hinge"}],
    "SVC": [{"kernel": "linear"}, {"kernel": "poly"}, {"kernel": "sigmoid"}],
    "SVR": [{"kernel": "linear"}, {"kernel": "poly"}],
    "SimpleImputer": [
        {"strategy": "median", "add_indicator": True},
        {"strategy": "most_frequent"},
        {"strategy": "constant", "fill_value": 7.0},
    ],
    "SplineTransformer": [{"extrapolation": name} for name in ("linear", "continue", "periodic", "error")],
    "TargetEncoder": [{"target_type": "multiclass", "target": "classes"}],
    "TweedieRegressor": [{"power": 0, "link": "identity"}, {"power": 2}],
    "VotingClassifier": [{"voting": "soft"}],
}


def names() -> list[str]:
    """Every estimator of this scikit-learn that can be fitted on rows and has an inference method."""
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.utils import all_estimators

    return sorted(
        name
        for name, cls in all_estimators()
        if name not in LEFT_OUT and (name == "FrozenEstimator" or any(hasattr(cls, method) for method in METHODS))
    )


def recipes(name: str) -> Iterator[Recipe]:
    """The first is the estimator's own; then other targets, missing values in training, real columns, variants."""
    from sklearn.base import is_classifier, is_regressor
    from sklearn.utils import get_tags

    model = build(name, {})
    table, on_real = TABLES.get(name, ("plain", "real"))
    targets = TARGETS.get(name)
    if targets is None and is_classifier(model):
        targets = ("classes", "binary", "several")
        if not get_tags(model).classifier_tags.multi_class:
            targets = ("binary",)
        elif not get_tags(model).target_tags.multi_output:
            targets = targets[:2]
    elif targets is None and is_regressor(model):
        targets = ("value", "values") if get_tags(model).target_tags.multi_output else ("value",)
    targets = targets or ("none",)
    for target in targets:
        yield Recipe(target if len(targets) > 1 else "default", table, target)
    if table == "plain" and get_tags(model).input_tags.allow_nan:
        yield Recipe("missing values", "gappy", targets[0])
    if on_real:
        yield Recipe("real columns", on_real, targets[0])
    for variant in VARIANTS.get(name, ()):
        rest = {k: v for k, v in variant.items() if k not in ("table", "target")}
        label = ", ".join(f"{k}={v}" for k, v in variant.items())
        yield Recipe(label, variant.get("table", table), variant.get("target", targets[0]), tuple(rest.items()))


def build(name: str, more: dict[str, Any]) -> Any:
    """An unfitted estimator."""
    from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
    from sklearn.utils import all_estimators

    parameters = {**PARAMETERS.get(name, {}), **_compositions().get(name, {}), **more}
    return dict(all_estimators())[name](**parameters)


def _compositions() -> dict[str, dict[str, Any]]:
    """Parameters that hold estimators."""
    import numpy as np
    from sklearn.compose import make_column_selector
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
    from sklearn.naive_bayes import GaussianNB
    from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    logistic = LogisticRegression(max_iter=1000)
    forest = RandomForestClassifier(6, max_depth=4, random_state=0)
    tree = DecisionTreeClassifier(max_depth=4, random_state=0)
    classifiers = [("line", logistic), ("tree", tree), ("bayes", GaussianNB())]
    regressors = [("line", LinearRegression()), ("forest", RandomForestRegressor(6, random_state=0))]
    searched = {"estimator": tree, "cv": 2}
    return {
        "ClassifierChain": {"estimator": logistic, "random_state": 0},
        "ColumnTransformer": {
            "transformers": [
                ("words", OneHotEncoder(handle_unknown="ignore"), ["city"]),
                ("numbers", StandardScaler(), make_column_selector(dtype_include="number")),
            ]
        },
        "FeatureUnion": {"transformer_list": [("unit", MinMaxScaler()), ("scaled", StandardScaler())]},
        "FixedThresholdClassifier": {"estimator": logistic, "threshold": 0.3},
        "FrozenEstimator": {"estimator": forest},
        "GridSearchCV": {**searched, "param_grid": {"max_depth": [2, 4]}},
        "HalvingGridSearchCV": {**searched, "param_grid": {"max_depth": [2, 4]}, "random_state": 0},
        "HalvingRandomSearchCV": {**searched, "param_distributions": {"max_depth": [2, 4]}, "random_state": 0},
        "MultiOutputClassifier": {"estimator": logistic},
        "MultiOutputRegressor": {"estimator": Ridge()},
        "OneVsOneClassifier": {"estimator": logistic},
        "OneVsRestClassifier": {"estimator": logistic},
        "OutputCodeClassifier": {"estimator": logistic, "random_state": 0},
        "Pipeline": {"steps": [("gaps", SimpleImputer()), ("scale", StandardScaler()), ("forest", forest)]},
        "RFE": {"estimator": logistic, "n_features_to_select": 3},
        "RFECV": {"estimator": logistic, "cv": 2},
        "RandomizedSearchCV": {
            **searched,
            "param_distributions": {"max_depth": [2, 4]},
            "n_iter": 2,
            "random_state": 0,
        },
        "RegressorChain": {"estimator": Ridge()},
        "SelectFromModel": {"estimator": forest},
        "SelfTrainingClassifier": {"estimator": logistic},
        "SequentialFeatureSelector": {"estimator": GaussianNB(), "n_features_to_select": 2, "cv": 2},
        "SparseCoder": {"dictionary": np.linspace(-1.0, 1.0, 15).reshape(3, 5)},
        "StackingClassifier": {"estimators": classifiers, "cv": 2},
        "StackingRegressor": {"estimators": regressors, "cv": 2},
        "TunedThresholdClassifierCV": {"estimator": logistic, "cv": 2, "thresholds": 20},
        "VotingClassifier": {"estimators": classifiers},
        "VotingRegressor": {"estimators": regressors},
    }
