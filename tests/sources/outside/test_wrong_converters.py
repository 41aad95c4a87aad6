"""Converters that are wrong are named with their step and class, and nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import home_made
import numpy as np
import pytest
from home_made import ClipAtQuantiles, Logged, Prototypes, chances, people
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import isoship
from isoship.errors import ConversionError, InputError, ParityError, UnsupportedModelError

X = people()[["fare", "visits"]]
Y = chances(people())
MODEL = make_pipeline(StandardScaler(), ClipAtQuantiles(), LogisticRegression()).fit(X, Y)
STEP = r"^the converter of pipeline\.steps\[1\] -> ClipAtQuantiles\(\): "


def only_the_top(g, step, columns):
    return g.op.Min(columns.matrix(), step.high_)


def by_booleans(g, step, columns):
    low, high = g.op.Less(columns[0], 0.0), g.op.Less(columns[1], 1.0)
    return g.op.Where(low, high, low)


WRONG: dict[str, tuple[Any, str]] = {
    "values": (only_the_top, r"it answers otherwise than the estimator: column \d of its transform is .* \(given "),
    "count": (lambda g, step, columns: columns[0], "its transform gives 2 columns and the converter 1 column"),
    "operator": (lambda g, step, columns: g.op.Clamp(columns.matrix()), r"Clamp is no operator of ONNX 21 .*mean C"),
    "random": (lambda g, step, columns: g.op.RandomNormalLike(columns.matrix()), "draws random numbers"),
    "types": (lambda g, step, columns: g.op.Add(columns.matrix(), g.const([1, 2])), "double beside int64"),
    "loses": (lambda g, step, columns: g.op.Add(g.cast(columns[0], "int64"), 0.5), "0.5 beside int64"),
    "shapes": (lambda g, step, columns: g.op.Add(columns.matrix(), [1.0, 2.0, 3.0]), r"Add of double \[N, 2\], double"),
    "attribute": (
        lambda g, step, columns: g.op.Concat(columns[0], axes=1),
        "Concat has no attribute 'axes'; it has axis",
    ),
    "no attribute": (lambda g, step, columns: g.op.Concat(columns[0]), "Concat needs the attribute axis"),
    "inputs": (lambda g, step, columns: g.op.Min(), "Min is given 0 inputs and takes 1 or more"),
    "rank": (lambda g, step, columns: g.op.Squeeze(columns[0], [1]), r"its transform has the shape \[N\]"),
    "batch": (lambda g, step, columns: g.const([[1.0, 2.0]]), r"shape \[1, 2\] for any number of rows"),
    "along rows": (
        lambda g, step, columns: g.op.ReduceMax(columns.matrix(), [0], keepdims=1),
        "worked along the rows",
    ),
    "dtype": (lambda g, step, columns: g.cast(columns.matrix(), "int32"), "is int32, and columns are double"),
    "a number": (lambda g, step, columns: 3.0, "returns a float as its transform"),
    "nothing": (lambda g, step, columns: None, "returns a NoneType"),
    "a method": (
        lambda g, step, columns: {"predict": columns[0]},
        "returns 'predict', and the estimator has transform",
    ),
    "its own error": (
        lambda g, step, columns: step.lowest_,
        r"AttributeError: .*lowest_.*test_wrong_converters\.py, line",
    ),
    "a name": (lambda g, step, columns: columns["fare"], r"'fare', and is given an array: columns by place"),
    "a place": (lambda g, step, columns: columns[2], "asks for column 2 of 2"),
    "a kernel": (by_booleans, "the operator Where that it writes has no form in ONNX Runtime for these types"),
    "another type": (lambda g, step, columns: g.op.Cast(columns.matrix(), to=13), "is uint64, and columns are double"),
    "numpy": (lambda g, step, columns: g.numpy.log2(columns.matrix()), "g.numpy has no log2; it has absolute"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_converter_is_refused_by_name(name: str, tmp_path: Path) -> None:
    convert, why = WRONG[name]
    with pytest.raises(ConversionError, match=why) as caught:
        isoship.export(MODEL, sample=X, out=tmp_path / "bundle", targets=(), converters={ClipAtQuantiles: convert})
    caught.match(STEP)
    assert not (tmp_path / "bundle").exists()


def test_what_the_sample_does_not_show_is_found_by_verifying(tmp_path: Path) -> None:
    """The rows that the converter is tried on are ordinary; those of the check lie on thresholds and far off."""
    few = X[(X["fare"] > X["fare"].quantile(0.2)) & (X["fare"] < X["fare"].quantile(0.8))]
    model = make_pipeline(ClipAtQuantiles(0.0, 1.0), LogisticRegression()).fit(few, Y[few.index])
    with pytest.raises(ParityError, match=r"the converter of pipeline\.steps\[0\] -> ClipAtQuantiles\(.*otherwise"):
        isoship.export(
            model, sample=few, out=tmp_path / "bundle", targets=(), converters={ClipAtQuantiles: only_the_top}
        )
    assert not (tmp_path / "bundle").exists()


def test_a_wrong_wrapper_is_named_when_rows_differ(tmp_path: Path) -> None:
    model = make_pipeline(Logged(PCA(2)), LogisticRegression()).fit(X, Y)

    def without_the_logarithm(g, step, columns):
        return g.carry(step.inner_, columns)

    with pytest.raises(ParityError, match=r"the converter of pipeline\.steps\[0\] -> Logged\(inner=PCA.*otherwise"):
        isoship.export(model, sample=X, out=tmp_path / "b", targets=(), converters={Logged: without_the_logarithm})


def test_an_operator_that_the_browser_lacks_is_named(tmp_path: Path) -> None:
    def by_einsum(g, step, columns):
        clipped = g.op.Min(g.op.Max(columns.matrix(), step.low_), step.high_)
        return g.op.Einsum(clipped, np.eye(2), equation="ij,jk->ik")

    options: dict[str, Any] = {"sample": X, "out": tmp_path / "bundle", "converters": {ClipAtQuantiles: by_einsum}}
    words = (
        r"^web: pipeline\.steps\[1\] -> ClipAtQuantiles\(\) .*the operator Einsum that its converter writes has no form"
    )
    with pytest.raises(UnsupportedModelError, match=words):
        isoship.export(MODEL, targets=("web",), **options)
    assert not (tmp_path / "bundle").exists()
    assert isoship.export(MODEL, targets=(), **options).report.ok


def test_a_method_that_the_converter_leaves_out_is_named() -> None:
    model = Prototypes().fit(X, Y)

    def label_alone(g, step, columns):
        return {"predict": home_made.prototypes(g, step, columns)["predict"]}

    with pytest.raises(UnsupportedModelError, match=r"^Prototypes\(\) .*its converter gives no predict_proba"):
        isoship.to_onnx(model, sample=X, converters={Prototypes: label_alone})


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({StandardScaler: only_the_top}, "isoship carries sklearn.preprocessing._data.StandardScaler itself"),
        ({ClipAtQuantiles(): only_the_top}, r"the keys are classes, such as \{ClipAtQuantiles: convert\}"),
        ({ClipAtQuantiles: "convert"}, r"the converter of ClipAtQuantiles is a str: give convert\(g, estimator"),
        ([only_the_top], r"converters is a list: give a dict"),
    ],
)
def test_converters_that_are_none(given: Any, why: str) -> None:
    with pytest.raises(InputError, match=why):
        isoship.to_onnx(MODEL, sample=X, converters=given)
