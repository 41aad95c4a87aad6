"""What numpy and pandas do at the edges, and so does a traced function: signs, zeros, missing numbers, types, order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest
from comparison import run
from onnx import helper
from sklearn.preprocessing import FunctionTransformer

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship.sources.frames import rows_from_frame

EDGES = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.0, -3.0, 0.1, 7.25, 1e-300, 5e-324, 1e300, -1e300, 1e15 + 0.5,
    2.0**53, 2.0**63, -(2.0**63), np.inf, -np.inf, np.nan,
]  # fmt: skip
PAIRS = np.array([(a, b) for a in EDGES for b in EDGES])
WHOLE = pd.DataFrame(
    [(a, b) for a in (0, 1, -1, 7, -7, 10, 2**31, 2**53, -(2**53)) for b in (1, -1, 3, -3, 2**40)], columns=["a", "b"]
)

EXACT: dict[str, Callable[[Any], Any]] = {
    "sum, difference, product, quotient": lambda X: np.c_[
        X[:, 0] + X[:, 1], X[:, 0] - X[:, 1], X[:, 0] * X[:, 1], X[:, 0] / X[:, 1]
    ],
    "remainder": lambda X: np.c_[X[:, 0] % X[:, 1], X[:, 0] % 3, X[:, 0] % -3, np.fmod(X[:, 0], X[:, 1])],
    "whole quotient": lambda X: np.c_[X[:, 0] // X[:, 1], X[:, 0] // 0.1, X[:, 0] // -7],
    "squares and roots": lambda X: np.c_[X**2, X**0.5, X**-1, np.sqrt(np.abs(X)), np.square(X)],
    "rounding": lambda X: np.c_[np.round(X), np.round(X, 2), X.round(-2), np.floor(X), np.ceil(X), np.trunc(X)],
    "signs": lambda X: np.c_[np.sign(X), np.abs(X), -X, np.fabs(X)],
    "extremes": lambda X: np.c_[
        np.maximum(X[:, 0], X[:, 1]), np.minimum(X[:, 0], X[:, 1]), np.fmax(X[:, 0], X[:, 1]), np.fmin(X[:, 0], X[:, 1])
    ],
    "extremes of a row": lambda X: np.c_[X.min(axis=1), X.max(axis=1), X.sum(axis=1), X.mean(axis=1)],
    "comparisons": lambda X: np.c_[X[:, 0] < X[:, 1], X[:, 0] == X[:, 1], X[:, 0] != X[:, 1], X[:, 0] >= X[:, 1]] * 1.0,
    "logic": lambda X: logic(X[:, 0] > 0, X[:, 1] > 1) + 0.0,
    "truth of numbers": lambda X: np.c_[np.logical_and(X[:, 0], X[:, 1]), np.logical_not(X[:, 0])].astype(float),
    "missing and infinite": lambda X: np.c_[np.isnan(X), np.isinf(X), np.isfinite(X)].astype(float),
    "choices": lambda X: np.c_[np.where(X > 1, X, -X), np.clip(X, -1, 2.5), np.clip(X, [0.0, 1.0], None)],
    "select": lambda X: np.select([X < -1, X < 1, X == 2.5], [X * 2, np.nan, 7], default=-X),
    "numbers for missing ones": lambda X: np.c_[np.nan_to_num(X), np.nan_to_num(X, nan=-1.0, posinf=9.0, neginf=-9.0)],
    "intervals": lambda X: np.c_[
        np.digitize(X[:, 0], [-1.0, 0.0, 2.5]), np.digitize(X[:, 0], [-1.0, 0.0, 2.5], right=True),
        np.searchsorted([0.0, 0.0, 3.0], X[:, 1]), np.searchsorted([0.0, 3.0], X[:, 1], side="right"),
    ],
    "integers of numbers": lambda X: X.astype(int),
    "integers, reckoned": lambda X: np.c_[X.astype(np.int64) // 3, X.astype(np.int64) % 7, X.astype(np.int64) * 5 - 2],
    "float32": lambda X: (X.astype(np.float32) * np.float32(1.1) + np.float32(0.3)).astype(float) / 3,
    "a scalar in float32": lambda X: (X.astype("float32") * 0.1).astype("float64"),
    "degrees": lambda X: np.c_[np.radians(X), np.rad2deg(X)],
    "written in place": lambda X: in_place(X),
    "columns by mask and by place": lambda X: np.c_[X[:, [True, False]], X[:, -1], X[:, ::-1], X[..., :1]],
    "taken apart": lambda X: np.array([a - b for a, b in [X.T]]).T,
    "as long as the rows": lambda X: filled(X),
    "copies": lambda X: copies(X),
    "arrays of nothing yet": lambda X: of_nothing(X),
    "is one of some": lambda X: np.isin(X, [1.0, 2.5, -3.0]) * 1.0,
}  # fmt: skip


def logic(a: Any, b: Any) -> Any:
    return np.c_[a & ~b, a | b, a ^ b]


def in_place(X: Any) -> Any:
    X = X.copy()
    X[:, 0] -= 1
    X[X > 5] = 5
    X[X[:, 1] < 0, 1] = 0
    X *= 2
    return X


def copies(X: Any) -> Any:
    first, second = np.array(X), np.array(X, dtype=float)
    first[:, 0] = 1.0
    second[second < 0] = 0.0
    return np.c_[X, first, second]


def of_nothing(X: Any) -> Any:
    out, other = np.empty((len(X), 2)), np.empty_like(X)
    out[:, 0] = X[:, 1]
    out[:, 1] = out[:, 0] * 2
    other[:] = X
    return np.hstack([out, other])


def filled(X: Any) -> Any:
    out = np.zeros((len(X), 3))
    out[:, 0] = X[:, 1]
    out[:, 1:] = X
    return np.hstack([out, np.ones((X.shape[0], 1)), np.full_like(X, 2.5)])


@pytest.mark.parametrize("name", EXACT)
def test_the_same_bits_as_numpy(name: str) -> None:
    step = FunctionTransformer(EXACT[name]).fit(PAIRS)
    source = open_source(step, sample=PAIRS)
    got = run(source.to_onnx(), rows_from_frame(PAIRS, ["x0", "x1"]), source)["transformed"]
    with np.errstate(all="ignore"):
        expected = EXACT[name](PAIRS)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


ROUNDED: dict[str, Callable[[Any], Any]] = {
    "logarithms": lambda x: np.c_[np.log(x), np.log1p(x), np.log2(np.abs(x)), np.log10(np.abs(x))],
    "exponentials": lambda x: np.c_[np.exp(x), np.expm1(x), np.exp2(x), np.tanh(x)],
    "angles": lambda x: np.c_[np.arctan(x), np.arcsin(x), np.arccos(x), np.arcsin(x / 1e3)],
    "powers": lambda x: np.c_[np.abs(x) ** 1.5, x**3.0, np.cbrt(x), 10.0 ** np.clip(x, -300, 300)],
    "circular functions": lambda x: np.c_[np.sin(x), np.cos(x), np.tan(x / 7)],
}


@pytest.mark.parametrize("name", ROUNDED)
def test_a_few_ulp_from_numpy(name: str) -> None:
    values = np.concatenate([np.linspace(-45, 45, 91), np.geomspace(1e-18, 1e3, 100), -np.geomspace(1e-18, 1e3, 100),
                             [0.0, np.nan, np.inf, -np.inf, 1.0, -1.0, 1000.0]]).reshape(-1, 1)  # fmt: skip
    step = FunctionTransformer(ROUNDED[name]).fit(values)
    source = open_source(step, sample=values)
    got = run(source.to_onnx(), rows_from_frame(values, ["x0"]), source)["transformed"]
    with np.errstate(all="ignore"):
        expected = ROUNDED[name](values)
    np.testing.assert_allclose(got, expected, rtol=1e-14, atol=1e-15, equal_nan=True)


def test_angles_of_directions_and_lengths() -> None:
    step = FunctionTransformer(lambda X: np.c_[np.arctan2(X[:, 0], X[:, 1]), np.hypot(X[:, 0], X[:, 1])]).fit(PAIRS)
    source = open_source(step, sample=PAIRS)
    got = run(source.to_onnx(), rows_from_frame(PAIRS, ["x0", "x1"]), source)["transformed"]
    with np.errstate(all="ignore"):
        expected = step.transform(PAIRS)
    np.testing.assert_allclose(got, expected, rtol=4e-15, atol=1e-15, equal_nan=True)


FRAMES: dict[str, Callable[[Any], Any]] = {
    "integers": lambda d: d.assign(c=d["a"] + d["b"], e=d["a"] - 2 * d["b"], f=d["a"] * 3, g=d["a"] ** 2),
    "integers divided": lambda d: pd.DataFrame({"q": d["a"] / d.b, "r": d["a"] / 0, "s": d.a // 7, "t": d["a"] % -7}),
    "integers and numbers": lambda d: d * 0.5 + [1, 2],
    "choices": lambda d: pd.DataFrame(
        {"w": d["a"].where(d["b"] > 0) * 0.5, "m": d.a.mask(d.a < 0, 0), "c": d.a.clip(-3, 5), "f": d.a.clip(upper=2.5)}
    ),
    "replaced": lambda d: d.replace(0, np.nan).fillna({"a": -1.0, "b": 2}),
    "cut": lambda d: pd.cut(d["a"], [-10, 0, 1, 8, 10**10], labels=False).to_frame().fillna(-1),
    "methods": lambda d: d.sub(1).div(d["b"], axis=0).add(d.mul(2)).abs(),
    "chosen": lambda d: pd.concat([d.rename(columns=str.upper), d.loc[:, "b":].add_prefix("x"), d.iloc[:, :1]], axis=1)[
        ["B", "xb", "A"]
    ],
    "by dtype": lambda d: d.select_dtypes("number").astype({"a": float}).filter(like="a"),
    "looked up": lambda d: pd.DataFrame({"m": d["b"].map({1: 10, 3: 30.5})}),
    "what it is": lambda d: kinds(d),
    "columns of names that tracing has, too": lambda d: pd.DataFrame(
        {"s": d.set_axis(["value", "trace"], axis=1).value + d.rename(columns={"a": "owned"}).owned}
    ),
    "by an array of one column": lambda d: d * 1.0 / np.linalg.norm(d, axis=1, keepdims=True),
    "a Series of one number": lambda d: flags(d),
    "every column": lambda d: d.apply(np.sign).pipe(np.negative),
}  # fmt: skip


def flags(d: Any) -> Any:
    flag = pd.Series(0, index=d.index, name="flag")
    flag[d["a"] > 1] = 2
    return flag.to_frame()


def kinds(d: Any) -> Any:
    a = d["a"]
    assert isinstance(d, pd.DataFrame)
    assert isinstance(a, pd.Series)
    assert isinstance(a.to_numpy(), np.ndarray)
    assert not isinstance(a, pd.DataFrame)
    assert issubclass(pd.Series, pd.Series)
    return pd.DataFrame(pd.Series(a * 2, name="twice"))


@pytest.mark.parametrize("name", FRAMES)
def test_frames_of_integers(name: str) -> None:
    step = FunctionTransformer(FRAMES[name]).fit(WHOLE)
    source = open_source(step, sample=WHOLE)
    got = run(source.to_onnx(), rows_from_frame(WHOLE, ["a", "b"]), source)["transformed"]
    expected = step.transform(WHOLE).to_numpy()
    np.testing.assert_array_equal(got, expected)


TEXTS = pd.DataFrame({"word": ["a", "b", None, "a", "", "c"] * 6, "n": [1.0, np.nan, 3.0, -0.0, 2.0, 5.0] * 6})
STRINGS: dict[str, Callable[[Any], Any]] = {
    "equal": lambda d: pd.DataFrame({"e": d["word"] == "a", "n": d["word"] != "a", "i": d["word"].isin(["a", "c"])}),
    "missing": lambda d: d.isna() & d.notna().assign(n=True) | d.isnull(),
    "looked up": lambda d: pd.DataFrame({"v": d["word"].map({"a": 0.1, "b": 2}), "w": d.word.map({"a": 1}).fillna(-1)}),
    "chosen by numpy": lambda d: np.c_[np.where(d.word == "b", d["n"], 0.5), np.where(d.word.fillna("a") == "a", 1, 2)],
    "handed on": lambda d: d[["n", "word"]].rename(columns={"word": "text"}),
    "filled": lambda d: d[["word"]].fillna("none").replace({"b": "a"}),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["str", "object"])
@pytest.mark.parametrize("name", STRINGS)
def test_strings(name: str, dtype: str) -> None:
    table = TEXTS.astype({"word": dtype})
    step = FunctionTransformer(STRINGS[name]).fit(table)
    if name in ("handed on", "filled"):  # strings are no output of a model
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder

        step = make_pipeline(step, OneHotEncoder(sparse_output=False, handle_unknown="ignore")).fit(table)
    source = open_source(step, sample=table)
    rows = rows_from_frame(table, ["word", "n"])
    got = run(source.to_onnx(), rows, source)["transformed"]
    np.testing.assert_array_equal(got, np.asarray(step.transform(table), got.dtype))


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "8-bit integers": (lambda X: X.astype(np.int8), "int8"),
    "16-bit floats of booleans": (lambda X: np.sqrt(X > 1), "float16"),
    "a logarithm in float32": (lambda X: np.log(X.astype(np.float32)), "float32"),
    "strings of numbers": (lambda X: X.astype(str), "<U32"),
    "a matrix product": (lambda X: X @ np.ones((2, 2)), "matmul"),
    "integers by what may be 0": (lambda X: X.astype(int) // (X.astype(int) + 7), "may be 0"),
    "rows as columns": (lambda X: X[:, 0] + X[:, [1]], "no row for each row"),
    "other rows": (lambda X: X[::-1], "another order"),
    "integers by -1": (lambda X: X.astype(int) // -1, "by -1"),
    "the rest of integers by -1": (lambda X: X.astype(int) % [3, -1], "by -1"),
    "a function of scipy's": (lambda X: __import__("scipy.special").special.expit(X), "can be followed"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_not_be_exact_is_refused(name: str) -> None:
    function, word = REFUSED[name]
    values = np.arange(24.0).reshape(12, 2)
    with pytest.raises(UnsupportedModelError, match=word):
        open_source(FunctionTransformer(function).fit(values), sample=values).to_onnx()


def test_onnxruntime_still_compares_32_bits_of_integers() -> None:
    """docs/upstream.md: the workaround goes when this fails."""
    from isoship.onnx.graph import GraphBuilder

    g = GraphBuilder(["x", "least", "sign"])
    g.op("Min", "x", np.array([[5]]), out="least")
    g.op("Sign", "x", out="sign")
    info = helper.make_tensor_value_info
    model = g.model([info("x", 7, ["N", 1])], [info("least", 7, ["N", 1]), info("sign", 7, ["N", 1])])
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    least, sign = session.run(None, {"x": np.full((16, 1), 2**31)})  # alone, a number is compared as it is
    assert (int(least[0, 0]), int(sign[0, 0])) == (2**31, -1)
