"""Pipelines over mixed columns of the penguins: strings, missing values, an integer, a boolean, an odd name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from comparison import HOSTILE, compare, odd_rows, rows_of, run
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship_edge.manifest import MISSING_STRING

NUMBERS = ["bill_length_mm", HOSTILE, "flipper_length_mm", "body_mass_g"]
WORDS = ["island", "sex"]


def preprocessing(scaler=StandardScaler):
    return make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), scaler()), NUMBERS),
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), WORDS),
        (StandardScaler(), ["year"]),
        ("passthrough", ["heavy"]),
    )


CLASSIFIERS = [
    LogisticRegression(),
    RidgeClassifier(),
    MLPClassifier((16, 8), max_iter=60, random_state=0),
    DecisionTreeClassifier(max_depth=5, random_state=0),
    RandomForestClassifier(25, random_state=0, n_jobs=2),
    GradientBoostingClassifier(n_estimators=10, random_state=0),
    HistGradientBoostingClassifier(max_iter=10),
]


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda c: type(c).__name__)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_penguins_pipeline_agrees_on_ordinary_missing_and_unseen_values(penguins, agrees, classifier) -> None:
    x = penguins.drop(columns="species")
    model = make_pipeline(preprocessing(), classifier).fit(x, penguins["species"])
    source = agrees(model, x)
    types = {column.name: column.dtype for column in source.signature.columns}
    assert types == {
        "island": "string",
        "bill_length_mm": "double",
        HOSTILE: "double",
        "flipper_length_mm": "double",
        "body_mass_g": "double",
        "sex": "string",
        "year": "int64",
        "heavy": "bool",
    }
    assert source.outputs[0].classes == ("Adelie", "Chinstrap", "Gentoo")


def test_inputs_bear_the_columns_own_names_and_outputs_theirs(penguins) -> None:
    x = penguins.drop(columns="species").rename(columns={"island": "Insel / île 岛", "sex": "concat"})
    columns = ["Insel / île 岛", "concat"]
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), columns), ("passthrough", ["year", HOSTILE])),
        HistGradientBoostingClassifier(max_iter=5),
    ).fit(x, penguins["species"])
    source = open_source(model, sample=x)
    graph = source.to_onnx()
    assert [each.name for each in graph.graph.input] == ["Insel / île 岛", HOSTILE, "concat", "year"]
    assert [each.name for each in graph.graph.output] == ["label", "probabilities"]
    assert graph.ir_version == 10
    assert {each.domain: each.version for each in graph.opset_import} == {"": 21, "ai.onnx.ml": 5}
    compare(source, rows_of(source, x))


def test_rows_next_to_thresholds_route_as_the_forest_does(penguins, agrees) -> None:
    """Scaler in front of trees: rows bisected to both sides of what the forest splits on, one ulp apart."""
    x = penguins[NUMBERS].fillna(40.0)
    model = make_pipeline(MinMaxScaler(), RandomForestClassifier(10, random_state=0)).fit(x, penguins["species"])
    source = agrees(model, x)
    scaler, forest = model.steps[0][1], model.steps[1][1]
    rows = []
    for tree in forest.estimators_:
        for feature, threshold in zip(tree.tree_.feature, tree.tree_.threshold, strict=True):
            if feature >= 0:
                raw = (threshold - scaler.min_[feature]) / scaler.scale_[feature]
                for value in (raw, np.nextafter(raw, np.inf), np.nextafter(raw, -np.inf), float(np.float32(raw))):
                    rows.append({**rows_of(source, x.iloc[:1])[0], NUMBERS[feature]: float(value)})
    assert len(rows) > 200
    compare(source, rows)


def test_forest_sums_are_the_serial_ones_whatever_n_jobs_says(penguins) -> None:
    x, y = penguins[NUMBERS].fillna(40.0), penguins["body_mass_g"].fillna(4000)
    model = RandomForestRegressor(40, random_state=0, n_jobs=4).fit(x, y)
    rows = rows_of(source := open_source(model, sample=x), x)
    parallel = source.answers(rows).outputs["value"]
    assert model.n_jobs == 4
    model.n_jobs = 1
    np.testing.assert_array_equal(parallel, model.predict(x))
    np.testing.assert_array_equal(run(source.to_onnx(), rows, source)["value"], parallel)


def test_label_types_are_kept(penguins, agrees) -> None:
    x = penguins[NUMBERS].fillna(40.0)
    for y, dtype, classes in (
        (penguins["heavy"].to_numpy(), "bool", (False, True)),
        (np.where(penguins["heavy"], 2.5, -1.0).round(), "double", (-1.0, 2.0)),
        (np.where(penguins["heavy"], 7, -3), "int64", (-3, 7)),
        (penguins["species"].to_numpy(), "string", ("Adelie", "Chinstrap", "Gentoo")),
    ):
        for classifier in (LogisticRegression(), DecisionTreeClassifier(max_depth=3)):
            source = agrees(make_pipeline(StandardScaler(), classifier).fit(x, y), x, odd=False)
            assert (source.outputs[0].dtype, source.outputs[0].classes) == (dtype, classes)


def test_search_union_weights_and_passthrough(penguins, agrees) -> None:
    x = penguins[NUMBERS].fillna(40.0)
    union = FeatureUnion(
        [
            ("scaled", StandardScaler()),
            ("raw", "passthrough"),
            ("gone", "drop"),
            ("bounded", FunctionTransformer(np.tanh)),
        ],
        transformer_weights={"raw": 0.1, "scaled": 3.0},
    )
    model = Pipeline([("union", union), ("none", "passthrough"), ("fit", LinearRegression())])
    search = GridSearchCV(model, {"fit__fit_intercept": [True, False]}, cv=2).fit(x, x["body_mass_g"] / 100)
    agrees(search, x, atol=1e-7)


def test_no_optimization_level_of_onnxruntime_takes_doubles_away(penguins) -> None:
    """onnxruntime's MatMulScaleFusion turns a scalar beside a matrix product into float32, off by 1e-8."""
    x = penguins[NUMBERS].fillna(40.0)
    union = FeatureUnion([("pca", PCA(3)), ("raw", StandardScaler())], transformer_weights={"pca": 0.1})
    steps = [union, QuadraticDiscriminantAnalysis(reg_param=0.1)]
    source = open_source(make_pipeline(*steps).fit(x, penguins["species"]), sample=x, outputs=["scores"])
    rows, graph = rows_of(source, x), source.to_onnx()
    for level in ("ORT_DISABLE_ALL", "ORT_ENABLE_EXTENDED", "ORT_ENABLE_ALL"):
        got = run(graph, rows, source, level)
        np.testing.assert_allclose(got["scores"], source.answers(rows).outputs["scores"], rtol=1e-12, atol=1e-12)


def test_a_transformer_alone_gives_its_features(penguins, agrees) -> None:
    x = penguins.drop(columns="species")
    source = agrees(preprocessing().fit(x), x)
    assert source.outputs[0].shape == ("N", 4 + 4 + 3 + 2 + 2)


def test_every_encoder_setting_agrees(penguins, agrees) -> None:
    """Missing values as a category, dropped and infrequent categories, numbers and booleans as categories."""
    x = penguins[["island", "sex", "year", "heavy"]].assign(length=penguins["flipper_length_mm"].round(-1))
    encoders = [
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
        OneHotEncoder(handle_unknown="ignore", drop="first"),
        OneHotEncoder(drop="if_binary"),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=60),
        OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=3, drop="first"),
        OneHotEncoder(handle_unknown="error", dtype=np.int64),
        OrdinalEncoder(),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-7, encoded_missing_value=-2),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, min_frequency=60),
    ]
    for encoder in encoders:
        source = agrees(encoder.fit(x), x)
        rows = rows_of(source, x)[:40]
        strange = [
            {**row, column.name: value}
            for column, value in (
                (source.signature.columns[2], 1999),
                (source.signature.columns[4], 1e9),
                (source.signature.columns[4], 190.5),
            )
            for row in rows
            if column.categories is None
        ]
        if strange:
            compare(source, strange)


def test_large_vocabularies_of_their_own_get_tables_of_their_own(agrees) -> None:
    columns = {f"c{k}": [f"{k}/{i}" for i in range(3000)] for k in range(8)}
    x = pd.DataFrame(columns)
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(x)
    source = agrees(encoder, x.iloc[::40])
    lookups = [node for node in source.to_onnx().graph.node if node.op_type == "LabelEncoder"]
    assert len(lookups) > 1


def test_string_imputation_sees_the_missing_marker(penguins) -> None:
    x = penguins[["island", "sex"]]
    imputer = SimpleImputer(strategy="constant", fill_value="?", add_indicator=True)
    model = make_pipeline(imputer, OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    source = open_source(model.fit(x, penguins["species"]), sample=x)
    rows = [{"island": "Dream", "sex": None}, {"island": None, "sex": "male"}, {"island": "?", "sex": "female"}]
    compare(source, rows)
    graph = source.to_onnx()
    constants = [string for tensor in graph.graph.initializer for string in tensor.string_data]
    assert MISSING_STRING.encode() in constants


@pytest.mark.parametrize(
    ("model", "path", "word"),
    [
        (
            make_pipeline(
                make_column_transformer((FunctionTransformer(lambda x: x - x.mean()), NUMBERS)), LinearRegression()
            ),
            "pipeline.steps[0] -> columntransformer.transformers[0] -> FunctionTransformer(",
            "Python code",
        ),
        (
            make_pipeline(StandardScaler(), type("Mine", (LogisticRegression,), {})()),
            "pipeline.steps[1] -> Mine(",
            "not one of scikit-learn's own classes",
        ),
    ],
)
def test_refusals_name_the_step_the_reason_and_the_way_out(penguins, model, path, word) -> None:
    x = penguins[NUMBERS].fillna(40.0)
    with pytest.raises(UnsupportedModelError) as caught:
        open_source(model.fit(x, penguins["year"]), sample=x).to_onnx()
    assert caught.value.step.startswith(path)
    assert word in caught.value.why
    assert caught.value.instead


def test_odd_rows_exist_for_every_kind_of_column(penguins) -> None:
    """Guards the other tests: their odd rows are not empty."""
    x = penguins.drop(columns="species")
    model = make_pipeline(preprocessing(MinMaxScaler), LogisticRegression()).fit(x, penguins["species"])
    source = open_source(model, sample=x)
    kinds = {type(v) for row in odd_rows(source, rows_of(source, x)) for v in row.values()}
    assert kinds >= {str, float, int, bool, type(None)}
