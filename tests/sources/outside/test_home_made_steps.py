"""Home-made steps carried by a converter answer as the model in every form that ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import home_made
import numpy as np
import pandas as pd
import pytest
from home_made import AgeBands, ClipAtQuantiles, Logged, MeanByGroup, Prototypes, SmoothedTarget, chances, people
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, StandardScaler

import isoship
from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.sklearn.truth.jumps import jumps_behind_rounding
from isoship.sources.sklearn.walk.raw_columns import columns_read
from isoship.sources.sklearn.walk.registry import record_of

X = people()
Y = chances(X)
PRICE = X["fare"] * 2 + (X["town"] == "Oslo") * 10
NUMBERS = X[["fare", "visits"]]


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(8, max_depth=5, random_state=0)


def models() -> dict[str, tuple[Any, pd.DataFrame, Any]]:
    gaps = make_pipeline(SimpleImputer(), ClipAtQuantiles(0.1, 0.8))
    clipped = make_column_transformer((gaps, ["age", "fare"]), (OneHotEncoder(), ["plan"]))
    means = make_column_transformer((MeanByGroup(), ["town"]), remainder="passthrough")
    bands = make_column_transformer((make_pipeline(AgeBands(), OneHotEncoder()), ["age"]), ("passthrough", ["member"]))
    coded = make_column_transformer((SmoothedTarget(), ["town", "plan"]), (StandardScaler(), ["fare"]))
    return {
        "clipped": (make_pipeline(clipped, forest()), X[["age", "fare", "plan"]], Y),
        "means": (make_pipeline(means, Ridge()), X[["town", "visits", "fare"]], PRICE),
        "bands": (make_pipeline(bands, LogisticRegression()), X[["age", "member"]], Y),
        "coded": (make_pipeline(coded, forest()), X[["town", "plan", "fare"]], Y),
        "wrapped": (make_pipeline(Logged(PCA(2)), forest()), NUMBERS, Y),
        "first": (make_pipeline(MeanByGroup(), Ridge()), X[["town", "fare"]], PRICE),
        "classifier": (Prototypes(), NUMBERS, Y),
        "classifier-behind": (make_pipeline(StandardScaler(), Prototypes()), NUMBERS.to_numpy(float), Y),
    }


@pytest.mark.parametrize("name", models())
def test_a_step_answers_alike_in_every_form(name: str, tmp_path: Path) -> None:
    model, sample, target = models()[name]
    model.fit(sample, target)
    bundle = isoship.export(
        model,
        sample=sample,
        out=tmp_path / "bundle",
        name="home-made",
        targets=("edge", "web"),
        edge_arch=("x86_64",),
        converters=home_made.converters,
        offline=True,
    )
    verdicts = {each.name: each.status for each in bundle.report.verdicts}
    names = ("files", "onnxruntime", "rows-python", "rows-node", "edge", "web-node-wasm")
    assert verdicts == dict.fromkeys(names, "agree")
    mine = isoship.load(bundle.path).predict(sample)
    theirs = open_source(model, sample=sample, to_convert=False).answers(rows_of(sample)).outputs
    for output, found in theirs.items():
        if found.dtype.kind == "f":
            np.testing.assert_allclose(mine[output], found, rtol=1e-9, atol=1e-9)
        else:
            assert (mine[output] == found).all()


def rows_of(sample: Any) -> list[dict[str, Any]]:
    from isoship.sources.frames import rows_from_frame

    names = list(sample.columns) if hasattr(sample, "columns") else [f"x{i}" for i in range(sample.shape[1])]
    return rows_from_frame(sample, names)


def test_a_check_asks_the_model_and_needs_no_converter(tmp_path: Path) -> None:
    model, sample, target = models()["coded"]
    model.fit(sample, target)
    options: dict[str, Any] = {"out": tmp_path / "bundle", "targets": (), "converters": home_made.converters}
    isoship.export(model, sample=sample, **options)
    report = isoship.check(tmp_path / "bundle", model=model, runtimes=("onnxruntime",))
    assert (report.exit_code, report.evidence) == (0, "source")
    model.steps[0][1].transformers_[0][1].overall_ += 0.25
    report = isoship.check(tmp_path / "bundle", model=model, runtimes=("onnxruntime",))
    assert report.exit_code == 1


def test_the_contract_is_the_models_own(tmp_path: Path) -> None:
    """What a home-made step takes is asked, as of any other."""
    model, sample, target = models()["bands"]
    source = open_source(model.fit(sample, target), sample=sample, converters=home_made.converters)
    assert [(c.name, c.dtype, c.missing, c.infinity) for c in source.signature.columns] == [
        ("age", "double", True, True),
        ("member", "bool", False, False),
    ]
    assert columns_read(model, 2) == [0, 1]


def test_a_record_is_the_cautious_one_unless_a_converter_says_more() -> None:
    model, sample, target = models()["coded"]
    open_source(model.fit(sample, target), sample=sample, converters=home_made.converters)
    cautious, told = record_of(SmoothedTarget()), record_of(ClipAtQuantiles())
    assert (cautious.same_bits, cautious.jumps) == (False, True)
    assert (told.same_bits, told.jumps) == (True, False)
    assert [jump.path for jump in jumps_behind_rounding(model)] == ["pipeline.steps[1]"]
    rounded = make_pipeline(PCA(2), SmoothedTarget())
    assert [jump.path for jump in jumps_behind_rounding(rounded)] == ["pipeline.steps[1]"]


def test_a_subclass_has_no_converter_of_its_parents() -> None:
    class Clipped(ClipAtQuantiles):
        def transform(self, X):  # what could be traced would ship without a converter
            return np.sort(super().transform(X), axis=0)

    model = make_pipeline(Clipped(), Ridge()).fit(NUMBERS, PRICE)
    with pytest.raises(UnsupportedModelError, match=r"pipeline\.steps\[0\] -> Clipped\(\) .*--converters FILE\.py"):
        isoship.to_onnx(model, sample=NUMBERS, converters=home_made.converters)


def test_what_rounds_inside_a_wrapper_reaches_no_edges() -> None:
    """Bins at quantiles have edges at training rows' own values, which a logarithm before them moves by a last bit."""
    bins = KBinsDiscretizer(4, strategy="quantile", quantile_method="linear")
    model = make_pipeline(Logged(bins), Ridge()).fit(NUMBERS, PRICE)
    with pytest.raises(UnsupportedModelError, match=r"logged\.inner_ -> KBinsDiscretizer.* Logged before it"):
        isoship.to_onnx(model, sample=NUMBERS, converters=home_made.converters)


def test_a_class_that_isoship_refuses_may_have_a_converter() -> None:
    """scikit-learn's NMF has none of ours: here its answer is made up, and told so."""
    from sklearn.decomposition import NMF

    model = make_pipeline(NMF(2, max_iter=500), Ridge()).fit(NUMBERS, PRICE)
    with pytest.raises(isoship.ConversionError, match=r"NMF.*answers otherwise than the estimator"):
        isoship.to_onnx(model, sample=NUMBERS, converters={NMF: lambda g, step, columns: columns.matrix()})
