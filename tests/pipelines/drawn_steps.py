"""Strategies for preprocessing steps: every draw is an unfitted transformer with small parameters.

The first choice of each `one_of` and `sampled_from` is the simplest: hypothesis shrinks towards it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from sklearn import decomposition, ensemble, feature_selection, impute, linear_model
from sklearn import preprocessing as pre
from sklearn.cluster import FeatureAgglomeration, KMeans
from sklearn.kernel_approximation import Nystroem
from sklearn.pipeline import make_union
from sklearn.random_projection import GaussianRandomProjection

Estimators = st.SearchStrategy[Any]
pick, builds, whole = st.sampled_from, st.builds, st.integers
flags = st.booleans()

scalers: Estimators = st.one_of(
    builds(pre.StandardScaler, with_mean=pick([True, False]), with_std=pick([True, False])),
    builds(pre.MinMaxScaler, feature_range=pick([(0, 1), (-3, 2)]), clip=flags),
    builds(pre.MaxAbsScaler),
    builds(pre.RobustScaler, with_centering=flags, quantile_range=pick([(25.0, 75.0), (10.0, 90.0)])),
    builds(pre.Normalizer, norm=pick(["l2", "l1", "max"])),
    builds(pre.Binarizer, threshold=pick([0.0, 0.5, -1.0])),
)

#: Scalers that let NaN through.
columnwise: Estimators = st.one_of(builds(pre.StandardScaler), builds(pre.MinMaxScaler), builds(pre.RobustScaler))

_bends: Estimators = st.one_of(
    builds(
        pre.KBinsDiscretizer,
        n_bins=whole(2, 4),
        encode=pick(["ordinal", "onehot-dense", "onehot"]),
        strategy=pick(["uniform", "quantile", "kmeans"]),
        quantile_method=st.just("averaged_inverted_cdf"),
    ),
    builds(pre.QuantileTransformer, n_quantiles=whole(2, 10), output_distribution=pick(["uniform", "normal"])),
    builds(pre.PowerTransformer, standardize=flags),
    builds(pre.PolynomialFeatures, degree=pick([2, 3]), interaction_only=flags, include_bias=flags),
    builds(
        pre.SplineTransformer,
        n_knots=whole(4, 5),
        degree=whole(1, 3),
        extrapolation=pick(["constant", "linear", "continue", "periodic"]),
        include_bias=flags,
    ),
    builds(pre.FunctionTransformer, func=pick([None, np.tanh, np.abs, np.square, np.exp, np.log1p, np.sign, np.floor])),
)

_chosen: Estimators = st.one_of(
    builds(feature_selection.VarianceThreshold, threshold=pick([0.0, 0.1])),
    builds(feature_selection.SelectKBest, k=pick([1, "all"])),
    builds(
        feature_selection.SelectFromModel,
        estimator=pick([linear_model.Ridge(), ensemble.ExtraTreesRegressor(3, max_depth=3, random_state=0)]),
        max_features=st.just(2),
    ),
)

_projected: Estimators = st.one_of(
    builds(decomposition.PCA, n_components=pick([1, None]), whiten=flags, random_state=st.just(0)),
    builds(decomposition.TruncatedSVD, n_components=st.just(1), random_state=st.just(0)),
    builds(decomposition.FactorAnalysis, n_components=st.just(1), random_state=st.just(0)),
    builds(GaussianRandomProjection, n_components=whole(1, 3), random_state=st.just(0)),
    builds(KMeans, n_clusters=whole(1, 3), n_init=st.just(1), random_state=st.just(0)),
    builds(FeatureAgglomeration, n_clusters=st.just(1)),
    builds(Nystroem, n_components=whole(1, 4), gamma=st.just(0.3), random_state=st.just(0)),
    builds(ensemble.RandomTreesEmbedding, n_estimators=whole(1, 3), max_depth=whole(1, 3), random_state=st.just(0)),
)

#: Steps on numbers without gaps.
transformers: Estimators = st.one_of(scalers, _bends, _chosen, _projected)

unions: Estimators = st.lists(transformers, min_size=2, max_size=2).map(lambda parts: make_union(*parts))

number_imputers: Estimators = st.one_of(
    builds(
        impute.SimpleImputer,
        strategy=pick(["mean", "median", "most_frequent"]),
        add_indicator=flags,
    ),
    builds(impute.SimpleImputer, strategy=st.just("constant"), fill_value=pick([0.0, -1.5]), add_indicator=flags),
    builds(impute.KNNImputer, n_neighbors=whole(1, 3), add_indicator=flags),
)


def word_imputers(missing: Any) -> Estimators:
    """missing: what stands for a missing value in the columns."""
    return st.one_of(
        builds(
            impute.SimpleImputer,
            missing_values=st.just(missing),
            strategy=st.just("most_frequent"),
            add_indicator=flags,
        ),
        builds(
            impute.SimpleImputer,
            missing_values=st.just(missing),
            strategy=st.just("constant"),
            fill_value=pick(["", "無"]),
        ),
    )


def encoders(missing: bool) -> Estimators:
    """Encoders of words, and of numbers as categories. missing: what follows takes NaN."""
    unknown = pick([-1, np.nan]) if missing else st.just(-1)
    return st.one_of(
        builds(
            pre.OneHotEncoder,
            handle_unknown=pick(["ignore", "error", "infrequent_if_exist"]),
            drop=pick([None, "first", "if_binary"]),
            min_frequency=pick([None, 3]),
            max_categories=pick([None, 3]),
            sparse_output=flags,
        ),
        builds(
            pre.OrdinalEncoder,
            handle_unknown=st.just("use_encoded_value"),
            unknown_value=unknown,
            encoded_missing_value=pick([-2, np.nan]) if missing else st.just(-2),
            min_frequency=pick([None, 3]),
        ),
        builds(pre.OrdinalEncoder, encoded_missing_value=st.just(-2)),
        # an unseen word becomes NaN, which most models refuse
        builds(
            pre.OrdinalEncoder,
            handle_unknown=st.just("use_encoded_value"),
            unknown_value=st.just(np.nan),
            encoded_missing_value=st.just(-2),
        ),
        builds(pre.TargetEncoder, smooth=pick(["auto", 2.0]), cv=st.just(2), random_state=st.just(0)),
    )
