"""Raw columns are followed through every estimator made of others: which of them it reads, and the categories that it
refuses others than. The model itself says what is right: asked without a column, and with a value that it never saw.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from comparison import compare, rows_of
from lightgbm import LGBMClassifier
from sklearn.base import MetaEstimatorMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    HistGradientBoostingClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFE, RFECV, SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RANSACRegressor, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.utils import all_estimators
from xgboost import XGBClassifier

from isoship.errors import InputError
from isoship.sources import open_source
from isoship.sources.sklearn.walk.fitted import categories_known
from isoship.sources.sklearn.walk.inside import is_pipeline, members
from isoship.sources.sklearn.walk.raw_columns import columns_read, readers

N = 90
RNG = np.random.default_rng(5)
#: town and grade are encoded, area is passed on, and no step reads note.
HOMES = pd.DataFrame(
    {
        "town": RNG.choice(["Aker", "Bodø", "Voss"], N),
        "grade": RNG.choice([1, 3, 7], N),
        "area": RNG.normal(70, 15, N).round(1),
        "note": RNG.choice(["x", "y"], N),
    }
)
#: The same in numbers, for estimators that make one array of what they are given.
NUMBERS = HOMES[["grade", "area"]].assign(spare=RNG.normal(size=N))
PRICE = HOMES["area"] * 3 + (HOMES["town"] == "Voss") * 40 + HOMES["grade"] * 5
DEAR = PRICE.gt(PRICE.median()).astype(int).to_numpy()
THREE = np.digitize(PRICE, PRICE.quantile([0.3, 0.7]))
PRICES = np.column_stack([PRICE, PRICE**2])


def logistic():
    return LogisticRegression(max_iter=2000)


def homes(last, encoder=OneHotEncoder):
    return make_pipeline(ColumnTransformer([("e", encoder(), ["town", "grade"]), ("a", "passthrough", ["area"])]), last)


def by_place(last, columns=(0,), encoder=OneHotEncoder):
    return make_pipeline(ColumnTransformer([("e", encoder(), list(columns))], remainder="passthrough"), last)


def either():
    one, other = OneHotEncoder(), OrdinalEncoder()
    first = ColumnTransformer([("t", one, ["town"])])
    second = ColumnTransformer([("g", other, ["grade"]), ("a", "passthrough", ["area"])])
    return make_pipeline(FeatureUnion([("1", first), ("2", second)]), logistic())


GRID = {"logisticregression__C": [1.0, 0.5]}
OF_HOMES = {
    "pipeline": (homes(logistic()), DEAR),
    "calibrated": (CalibratedClassifierCV(homes(logistic()), cv=2), DEAR),
    "calibrated-once": (CalibratedClassifierCV(homes(logistic()), cv=2, ensemble=False), DEAR),
    "stack": (StackingClassifier([("a", homes(logistic())), ("b", homes(logistic(), OrdinalEncoder))], cv=2), DEAR),
    "stack-value": (StackingRegressor([("a", homes(Ridge()))], cv=2), PRICE),
    "vote": (VotingClassifier([("a", homes(logistic())), ("b", either())], voting="soft"), DEAR),
    "vote-value": (VotingRegressor([("a", homes(Ridge())), ("b", homes(Ridge(), OrdinalEncoder))]), PRICE),
    "fixed": (FixedThresholdClassifier(homes(logistic()), threshold=0.4), DEAR),
    "tuned": (TunedThresholdClassifierCV(homes(logistic()), cv=2, thresholds=5), DEAR),
    "target": (TransformedTargetRegressor(homes(Ridge()), func=np.log1p, inverse_func=np.expm1), PRICE),
    "targets-value": (MultiOutputRegressor(homes(Ridge())), PRICES),
    "targets-class": (MultiOutputClassifier(homes(logistic())), np.column_stack([DEAR, THREE])),
    "rest": (OneVsRestClassifier(homes(logistic())), THREE),
    "grid": (GridSearchCV(homes(logistic()), GRID, cv=2), DEAR),
    "random": (RandomizedSearchCV(homes(logistic()), GRID, n_iter=1, cv=2, random_state=0), DEAR),
    "halving": (HalvingGridSearchCV(homes(logistic()), GRID, cv=2, random_state=0), DEAR),
    "halving-random": (HalvingRandomSearchCV(homes(logistic()), GRID, cv=2, random_state=0), DEAR),
    "frozen": (FrozenEstimator(homes(logistic()).fit(HOMES, DEAR)), DEAR),
    "union": (either(), DEAR),
    "nested": (
        CalibratedClassifierCV(
            VotingClassifier(
                [("a", GridSearchCV(homes(logistic()), GRID, cv=2)), ("b", FixedThresholdClassifier(either()))],
                voting="soft",
            ),
            cv=2,
        ),
        DEAR,
    ),
    "bag": (BaggingClassifier(by_place(logistic(), (0, 1, 3)), 3, random_state=0), DEAR),
    "code": (OutputCodeClassifier(by_place(logistic(), (0, 1, 3)), random_state=0), THREE),
}
OF_NUMBERS = {
    "bag-some": (BaggingRegressor(by_place(Ridge(), encoder=OrdinalEncoder), 2, max_features=1.0), PRICE),
    "boost": (AdaBoostRegressor(by_place(Ridge()), n_estimators=2, random_state=0), PRICE),
    "one-on-one": (OneVsOneClassifier(by_place(logistic())), THREE),
    "chain": (ClassifierChain(by_place(logistic())), np.column_stack([DEAR, 1 - DEAR])),
    "chain-value": (RegressorChain(by_place(Ridge())), PRICES),
    "self-training": (SelfTrainingClassifier(by_place(logistic())), np.where(np.arange(N) % 5, DEAR, -1)),
    "consensus": (RANSACRegressor(by_place(Ridge()), random_state=0, min_samples=60), PRICE),
    "stack-passes": (
        StackingRegressor([("a", Ridge())], final_estimator=by_place(Ridge(), (1,)), passthrough=True, cv=2),
        PRICE,
    ),
    "best-of": (make_pipeline(SelectKBest(k=2), by_place(Ridge())), PRICE),
    "frozen-first": (
        make_pipeline(FrozenEstimator(SelectKBest(k=2).fit(NUMBERS, PRICE)), by_place(Ridge())),
        PRICE,
    ),
    "eliminated": (RFE(Ridge(), n_features_to_select=2), PRICE),
    "eliminated-cv": (RFECV(Ridge(), cv=2), PRICE),
    "boost-class": (AdaBoostClassifier(logistic(), n_estimators=2, random_state=0), DEAR),
    "hist": (HistGradientBoostingClassifier(max_iter=2, categorical_features=[0]), DEAR),
}
CASES = [(name, HOMES, *case) for name, case in OF_HOMES.items()]
CASES += [(name, NUMBERS, *case) for name, case in OF_NUMBERS.items()]


def answers(model, rows) -> bool:
    try:
        (model.predict_proba if hasattr(model, "predict_proba") else model.predict)(rows)
    except (ValueError, KeyError):
        return False
    return True


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "frame", "model", "y"), CASES, ids=[case[0] for case in CASES])
def test_columns_and_categories_are_the_models_own(name, frame, model, y) -> None:
    model.fit(frame, y)
    assert is_pipeline(model) or members(model)
    read = {frame.columns[i] for i in columns_read(model, frame.shape[1])}
    known = categories_known(model, frame.shape[1])
    row = next(frame.iloc[[i]] for i in range(N) if answers(model, frame.iloc[[i]]))
    for place, column in enumerate(frame.columns):
        assert answers(model, row.drop(columns=column)) == (column not in read), column
        unseen = "Oslo" if isinstance(row[column].iloc[0], str) else 4
        strict = [set(each.categories) for each in known.get(place, []) if each.refuses_others]
        if column in read and not answers(model, row.assign(**{column: unseen})):
            assert strict, column
            assert set.intersection(*strict) == set(frame[column]), column
            assert all(not each.between for each in known[place]), column
        else:
            assert not strict, column


class TestContract:
    """What is found reaches the signature: unseen values are refused, unread columns are not asked for."""

    @pytest.mark.parametrize("name", ["calibrated", "stack", "frozen", "nested", "bag"])
    def test_of_homes(self, name) -> None:
        model, y = OF_HOMES[name]
        source = open_source(model.fit(HOMES, y), sample=HOMES)
        columns = {column.name: column for column in source.signature.columns}
        assert set(columns) == set(HOMES.columns if name == "bag" else HOMES.columns.drop("note"))
        assert columns["town"].categories == ("Aker", "Bodø", "Voss")
        assert columns["grade"].categories == (1, 3, 7)
        compare(source, rows_of(source, HOMES))

    @pytest.mark.parametrize("name", ["boost", "one-on-one", "chain", "stack-passes"])
    def test_of_numbers(self, name) -> None:
        model, y = OF_NUMBERS[name]
        source = open_source(model.fit(NUMBERS, y), sample=NUMBERS)
        grade = next(column for column in source.signature.columns if column.name == "grade")
        assert grade.categories == (1, 3, 7)
        assert {type(value) for value in grade.categories} == {int}
        compare(source, rows_of(source, NUMBERS))

    def test_a_category_that_one_member_lacks_is_refused(self) -> None:
        """Members that were trained on other rows know other towns; the model refuses what one of them refuses."""
        more = HOMES.assign(town=np.where(np.arange(N) < 4, "Moss", HOMES["town"]))
        frozen = [FrozenEstimator(homes(logistic()).fit(frame, DEAR)) for frame in (more, HOMES)]
        model = VotingClassifier([("a", frozen[0]), ("b", frozen[1])], voting="soft").fit(HOMES, DEAR)
        source = open_source(model, sample=HOMES)
        town = next(column for column in source.signature.columns if column.name == "town")
        assert town.categories == ("Aker", "Bodø", "Voss")
        with pytest.raises(InputError, match="Moss"):
            source.answers(rows_of(source, more)[:1])
        compare(source, rows_of(source, HOMES))

    @pytest.mark.parametrize("booster", [LGBMClassifier, XGBClassifier], ids=["lightgbm", "xgboost"])
    def test_boosters_on_categories_inside(self, booster) -> None:
        frame = HOMES[["town", "area"]].replace("Bodø", "Bodo").astype({"town": "category"})  # ASCII for XGBoost
        settings = {"enable_categorical": True} if booster is XGBClassifier else {"verbose": -1, "min_child_samples": 5}
        model = VotingClassifier([("a", booster(n_estimators=3, **settings))], voting="soft").fit(frame, DEAR)
        source = open_source(model, sample=frame)
        compare(source, rows_of(source, frame), atol=1e-6, rtol=1e-6)  # XGBoost answers in float32


def test_what_stands_between_is_told() -> None:
    """Behind an imputer or a scaler an encoder's categories are not the raw column's."""
    numbers = NUMBERS[["grade", "spare"]]
    model = make_pipeline(
        ColumnTransformer(
            [
                ("a", make_pipeline(SimpleImputer(), StandardScaler(), OneHotEncoder()), ["grade"]),
                ("b", StandardScaler(), ["spare"]),
            ]
        ),
        FunctionTransformer(),
        Ridge(),
    ).fit(numbers, PRICE)
    (known,) = categories_known(model, 2)[0]
    assert [type(step).__name__ for step in known.between] == ["SimpleImputer", "StandardScaler"]
    scaler = next(reader for reader in readers(model, 2) if reader.path.endswith("transformers[1] -> StandardScaler"))
    assert [(place.column, place.between) for place in scaler.places] == [(1, ())]
    last = readers(model, 2)[-1]
    assert last.path == "pipeline.steps[2] -> Ridge"
    assert [None if place is None else place.column for place in last.places] == [None, None, None, 1]


def test_a_pipeline_behind_a_frozen_one_keeps_its_steps_apart() -> None:
    """FrozenEstimator answers for the attributes of the Pipeline inside it, `steps` among them."""
    inner = make_pipeline(OneHotEncoder(), StandardScaler(with_mean=False), XGBClassifier(n_estimators=2))
    model = FrozenEstimator(inner.fit(HOMES[["town", "grade"]], DEAR))
    source = open_source(model, sample=HOMES[["town", "grade"]])
    compare(source, rows_of(source, HOMES), atol=1e-6, rtol=1e-6)  # XGBoost answers in float32


#: They compute a selection, an imputation or a code when they are fitted, and ask no estimator for answers.
_ASK_NOBODY = {"SelectFromModel", "SequentialFeatureSelector", "SparseCoder"}
#: Their members are trees, which are read as they are.
_OF_TREES = ("ExtraTrees", "GradientBoosting", "IsolationForest", "RandomForest", "RandomTreesEmbedding")


def test_no_estimator_made_of_others_is_missing() -> None:
    """Every class that scikit-learn calls a meta-estimator is in the tables above, or named here."""
    meta = {name for name, cls in all_estimators() if issubclass(cls, MetaEstimatorMixin)}
    trees = {name for name in meta if name.startswith(_OF_TREES)}
    assert meta - trees - _ASK_NOBODY == {type(model).__name__ for _, _, model, _ in CASES} & meta
