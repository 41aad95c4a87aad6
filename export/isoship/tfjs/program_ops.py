"""Every operator that the JavaScript program (`program.json`, prefix and suffix) may hold.

The partition (`partition.py`) places a node in JavaScript only when it stands here with its attributes and dtypes;
`web/src` implements exactly this list. Both sides are tested against ONNX Runtime.

Value dtypes are `double`, `float`, `int64`, `int32`, `bool`, `string`; a value of dtype `float` holds doubles that
are rounded with `Math.fround` after every step. Names, attributes, input order, broadcasting and negative axes are
those of ai.onnx opset 21 and ai.onnx.ml 5 (prefix `ml.`), with four differences that spare the interpreter work:

- attributes are always written out, defaults included; an optional input that is absent is `""`;
- `Cast` has `{"to": "<dtype name>"}`;
- shape-like inputs (`Reshape` shape, `Squeeze`/`Unsqueeze`/`Reduce*` axes, `Slice` starts/ends/axes/steps, `Split`
  split, `Expand` shape, `Tile` repeats, `CumSum` axis) are always int64 constants. Reduce axes are always given;
- `ml.LabelEncoder` and `ml.OneHotEncoder` carry `keys`, `values`, `default` in one spelling (below).

A value keeps the rank that ONNX gives it; `[N]` and `[N, 1]` are different.
"""

from __future__ import annotations

from dataclasses import dataclass

FORMAT = 1

REALS = frozenset({"double", "float"})
INTEGERS = frozenset({"int64", "int32"})
NUMBERS = REALS | INTEGERS
EVERY = NUMBERS | {"bool", "string"}


@dataclass(frozen=True)
class ProgramOp:
    """dtypes: what the data inputs may be. attrs: the attributes it carries. exact: bit-equal to ONNX Runtime.

    `exact=False` means that the last bits may differ (libm of the JavaScript engine, order of a sum).
    """

    dtypes: frozenset[str]
    attrs: tuple[str, ...] = ()
    exact: bool = True
    note: str = ""


def _table() -> dict[str, ProgramOp]:
    arithmetic = ProgramOp(NUMBERS)
    real = ProgramOp(REALS)
    libm = ProgramOp(REALS, exact=False)
    order = ProgramOp(NUMBERS)
    logic = ProgramOp(frozenset({"bool"}))
    every = ProgramOp(EVERY)
    reduce = ("keepdims", "noop_with_empty_axes")
    return {
        # one value at a time, numpy broadcasting over the two operands
        "Identity": every,
        "Add": arithmetic,
        "Sub": arithmetic,
        "Mul": arithmetic,
        "Div": ProgramOp(NUMBERS, note="integers truncate toward zero"),
        "Mod": ProgramOp(NUMBERS, ("fmod",), note="fmod=0: sign of the divisor, integers only; fmod=1: C fmod, %"),
        "Pow": libm,
        "Min": ProgramOp(NUMBERS, note="1 or more inputs; NaN wins"),
        "Max": ProgramOp(NUMBERS, note="1 or more inputs; NaN wins"),
        "Equal": ProgramOp(EVERY, note="NaN is equal to nothing"),
        "Less": order,
        "LessOrEqual": order,
        "Greater": order,
        "GreaterOrEqual": order,
        "And": logic,
        "Or": logic,
        "Xor": logic,
        "Not": logic,
        "Where": every,
        "Abs": arithmetic,
        "Neg": arithmetic,
        "Sign": ProgramOp(NUMBERS, note="Sign(NaN) is NaN"),
        "Floor": real,
        "Ceil": real,
        "Round": ProgramOp(REALS, note="halves to even"),
        "Sqrt": real,
        "Reciprocal": real,
        "Relu": ProgramOp(REALS, note="NaN stays NaN"),
        "Exp": libm,
        "Log": libm,
        "Sin": libm,
        "Cos": libm,
        "Tanh": libm,
        "Sigmoid": libm,
        "Softplus": libm,
        "Softmax": ProgramOp(REALS, ("axis",), exact=False, note="max subtracted first; any rank, any axis"),
        "LogSoftmax": ProgramOp(REALS, ("axis",), exact=False),
        "IsNaN": real,
        "IsInf": ProgramOp(REALS, ("detect_negative", "detect_positive")),
        "Clip": ProgramOp(NUMBERS, note="inputs x, min, max (scalars, '' when absent); NaN stays NaN"),
        "Cast": ProgramOp(
            EVERY,
            ("to",),
            note="double -> float: Math.fround. real -> int: truncates; NaN, infinities and values outside the type"
            " do not occur. number -> bool: != 0, NaN is true. bool -> number: 0, 1. int64 -> string: decimal."
            " int64 -> double and back are exact up to 2^53. No other cast from or to string",
        ),
        # layout
        "Reshape": ProgramOp(EVERY, ("allowzero",), note="shape constant; -1 and 0 as in ONNX (allowzero is 0)"),
        "Flatten": ProgramOp(EVERY, ("axis",)),
        "Squeeze": every,
        "Unsqueeze": every,
        "Transpose": ProgramOp(EVERY, ("perm",)),
        "Concat": ProgramOp(EVERY, ("axis",)),
        "Slice": ProgramOp(EVERY, note="inputs x, starts, ends, axes, steps; ends may be +-2^63-ish sentinels"),
        "Split": ProgramOp(EVERY, ("axis",), note="inputs x, split; several outputs"),
        "Gather": ProgramOp(EVERY, ("axis",), note="indices int32 or int64, negative from the end"),
        "GatherElements": ProgramOp(EVERY, ("axis",)),
        "Expand": every,
        "Tile": every,
        "Shape": ProgramOp(EVERY, ("start", "end"), note="int64; `end` null when absent"),
        # along an axis
        "ReduceSum": ProgramOp(NUMBERS, reduce, exact=False),
        "ReduceMean": ProgramOp(REALS, reduce, exact=False),
        "ReduceMax": ProgramOp(NUMBERS, reduce, note="NaN wins"),
        "ReduceMin": ProgramOp(NUMBERS, reduce, note="NaN wins"),
        "ReduceProd": ProgramOp(NUMBERS, reduce, exact=False),
        "ReduceSumSquare": ProgramOp(NUMBERS, reduce, exact=False),
        "ReduceL1": ProgramOp(NUMBERS, reduce, exact=False),
        "ReduceL2": ProgramOp(REALS, reduce, exact=False),
        "ReduceLogSumExp": ProgramOp(REALS, reduce, exact=False),
        "ArgMax": ProgramOp(NUMBERS, ("axis", "keepdims", "select_last_index"), note="ties take the first"),
        "ArgMin": ProgramOp(NUMBERS, ("axis", "keepdims", "select_last_index"), note="ties take the first"),
        "CumSum": ProgramOp(NUMBERS, ("exclusive", "reverse"), note="sequential"),
        # products: sums run in order of the inner index, without fused steps
        "MatMul": ProgramOp(REALS, exact=False, note="[.., M, K] x [K, P]; the right operand has rank 2"),
        "Gemm": ProgramOp(REALS, ("alpha", "beta", "transA", "transB"), exact=False, note="C may be ''"),
        # ai.onnx.ml
        "ml.ArrayFeatureExtractor": ProgramOp(
            EVERY, note="inputs x, indices int64: takes along the last axis; a vector x counts as [1, K]"
        ),
        "ml.LabelEncoder": ProgramOp(
            EVERY,
            ("keys", "values", "default"),
            note="keys, values: names of constants of equal length; default: the name of a constant [1]; a NaN key"
            " matches NaN; the result has the dtype of `values`",
        ),
        "ml.OneHotEncoder": ProgramOp(
            EVERY,
            ("keys", "zeros", "to"),
            note="keys: name of the constant [C] of categories; result `to` [..., C], one where equal, all zero for"
            " unseen values (`zeros` is always 1)",
        ),
        # ours (docs/architecture.md)
        "isoship.Rank": ProgramOp(REALS, ("feature", "count", "side", "nan")),
        "isoship.Member": ProgramOp(
            REALS,
            ("feature", "count", "nan"),
            note="inputs features [N, F], members [sum of counts]; outputs [N, K] int32: 1 where"
            " features[:, feature[k]] equals one of the k-th run of `count[k]` ascending members, else 0;"
            " for NaN `nan[k]` (0 or 1)",
        ),
    }


PROGRAM_OPS: dict[str, ProgramOp] = _table()
