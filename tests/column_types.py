"""Types of columns, each way that a table comes, and what becomes of it: answered, and equally, or refused by name.

One model of four columns, a dtype each; every type stands in each of them once. `scripts/column_types.py` writes what
comes out into docs/engines.md.
"""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import isoship
from isoship.batch.model import BatchModel
from isoship.batch.scoring import predict as predict_file
from isoship.engines.worker import answered
from isoship_edge.encoding.cells import value
from isoship_edge.errors import IsoshipError

#: The model's columns, by their dtypes, and what they hold where it is not they that are looked at.
COLUMNS = {"double": "number", "int64": "whole", "bool": "flag", "string": "word"}
_ELSE = {"number": 1.5, "whole": 3, "flag": True, "word": "Oslo"}
#: Texts that a value may be taken for: each has an answer of its own.
_WORDS = ["Oslo", "Bergen", "", "1", "0", "1.0", "0.0", "1.00", "0.00", "True", "False", "true", "false", "nan", "None"]
_KEPT: list[tempfile.TemporaryDirectory[str]] = []
_DAY = datetime.datetime(2026, 11, 30)


class NoSuchType(Exception):
    """The library has no column of this type."""


def _numbers(kind: pa.DataType, null: bool = False) -> Callable[[str], pa.Array]:
    cast: Any = Decimal if pa.types.is_decimal(kind) else bool if pa.types.is_boolean(kind) else int
    return lambda _: pa.array([cast(1), None if null else cast(1), cast(0)], kind)


def _texts(make: Callable[[list[str | None]], pa.Array], null: bool = False) -> Callable[[str], pa.Array]:
    own = {"string": ["Oslo", "Bergen"], "bool": ["true", "false"]}
    return lambda dtype: make([*own.get(dtype, ["1", "0"]), None if null else "1"])


def _same(array: pa.Array) -> Callable[[str], pa.Array]:
    return lambda _: array


def _codes(values: list[Any]) -> pa.Array:
    return pa.array(values).dictionary_encode()


#: Name of a type -> a column of it for a column of the model's of a dtype.
TYPES: dict[str, Callable[[str], pa.Array]] = {
    **{str(t): _numbers(t) for t in (pa.int8(), pa.int16(), pa.int32(), pa.int64())},
    "int64 with null": _numbers(pa.int64(), null=True),
    **{str(t): _numbers(t) for t in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())},
    "uint8 with null": _numbers(pa.uint8(), null=True),
    "uint64 above 2^63": _same(pa.array([2**63 + 2**11, 0, 1], pa.uint64())),
    "int64 above 2^53": _same(pa.array([2**53 + 1, 0, 1], pa.int64())),
    "int64 above 2^53 with null": _same(pa.array([2**53 + 1, None, 1], pa.int64())),
    "float16": _same(pa.array([1.0, 0.0, 1.0], pa.float16())),
    "float32": _same(pa.array([0.1, 0.0, 1.0], pa.float32())),
    "double": _same(pa.array([0.1, 0.0, 1.0])),
    "double, whole": _same(pa.array([1.0, 0.0, -0.0])),
    "double with NaN and null": _same(pa.array([1.0, float("nan"), None])),
    "double, infinite": _same(pa.array([1.0, float("inf"), 0.0])),
    "bool": _numbers(pa.bool_()),
    "bool with null": _numbers(pa.bool_(), null=True),
    "decimal128(10, 2)": _numbers(pa.decimal128(10, 2)),
    "decimal128 with null": _numbers(pa.decimal128(10, 2), null=True),
    "decimal256(50, 2)": _numbers(pa.decimal256(50, 2)),
    "string": _texts(lambda texts: pa.array(texts, pa.string())),
    "string with null": _texts(lambda texts: pa.array(texts, pa.string()), null=True),
    "string, empty text": _same(pa.array(["", "1", "0"])),
    "large_string": _texts(lambda texts: pa.array(texts, pa.large_string())),
    "string_view": _texts(lambda texts: pa.array(texts, pa.string_view())),
    "dictionary of strings": _texts(_codes),
    "dictionary of strings with null": _texts(_codes, null=True),
    "dictionary of int64": _same(_codes([1, 0, 1])),
    "dictionary of int64 with null": _same(_codes([1, None, 1])),
    "null": _same(pa.nulls(3)),
    "int64, null only": _same(pa.nulls(3, pa.int64())),
    "string, null only": _same(pa.nulls(3, pa.string())),
    "zero rows": lambda dtype: pa.array([], {"double": pa.float64(), "int64": pa.int64(), "bool": pa.bool_()}.get(
        dtype, pa.string()
    )),
    "zero rows of strings": _same(pa.array([], pa.string())),
    "timestamp[us]": _same(pa.array([_DAY, _DAY, None], pa.timestamp("us"))),
    "timestamp[ns, tz]": _same(pa.array([_DAY, _DAY, None], pa.timestamp("ns", "Europe/Oslo"))),
    "date32": _same(pa.array([_DAY.date()] * 3, pa.date32())),
    "time64": _same(pa.array([_DAY.time()] * 3, pa.time64("us"))),
    "duration": _same(pa.array([1, 0, 1], pa.duration("us"))),
    "list of int64": _same(pa.array([[1], [], None], pa.list_(pa.int64()))),
    "struct": _same(pa.array([{"a": 1}] * 3)),
    "map": _same(pa.array([[("a", 1)]] * 3, pa.map_(pa.string(), pa.int64()))),
    "binary": _same(pa.array([b"1", b"0", b"1"])),
}  # fmt: skip

#: What answers a table: columns of the answers by name.
Path_ = Callable[[Path, pa.Table, Path], Mapping[str, list[Any]]]


@cache
def bundle() -> Path:
    """The model, exported once: every column moves `value`, and each text in its own way."""
    _KEPT.append(tempfile.TemporaryDirectory(prefix="isoship-types-"))
    folder = Path(_KEPT[0].name) / "bundle"
    _export(folder)
    return folder


def _export(folder: Path) -> None:
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    random = np.random.default_rng(5)
    count = 600
    words: Any = random.choice([*_WORDS, None], count)
    rows = pd.DataFrame(
        {
            "number": np.where(random.random(count) < 0.1, np.nan, random.normal(0, 3, count)),
            "whole": random.integers(-50, 50, count),
            "flag": random.random(count) < 0.5,
            "word": pd.Series(words, dtype=object),
        }
    )
    front = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["word"]), (SimpleImputer(), ["number"]), remainder="passthrough"
    )
    model = make_pipeline(front, Ridge()).fit(rows, random.normal(0, 1, count) + rows["whole"])
    isoship.export(model, sample=rows, out=folder, name="types", targets=(), force=True)


def table_of(dtype: str, kind: str) -> pa.Table:
    """Rows in which the model's column of a dtype has a type of `TYPES`."""
    array = TYPES[kind](dtype)
    others = {name: pa.array([held] * len(array), pa.array([held]).type) for name, held in _ELSE.items()}
    return pa.table({**others, COLUMNS[dtype]: array}).select(list(_ELSE))


def outcome(path: Path_, dtype: str, kind: str, folder: Path) -> str:
    """ "answered" (as the values mean), "refused" (with the column's name) or "no such type".

    Raises:
        AssertionError: a third thing.
    """
    table, where = table_of(dtype, kind), bundle()
    try:
        found = path(where, table, folder)
    except NoSuchType:
        return "no such type"
    except IsoshipError as err:
        refusal = str(err)
    else:
        refusal = ""
    if refusal:
        assert COLUMNS[dtype] in refusal, f"{kind} as {dtype}: refused without the column: {refusal}"
        return "refused"
    expected = meant(table)
    assert {name: list(map(repr, held)) for name, held in found.items()} == expected, f"{kind} as {dtype}"
    return "answered"


def meant(table: pa.Table) -> dict[str, list[str]]:
    """The answers to what the values mean: each as Python has it, looked at by itself."""
    model = isoship.load(bundle())
    columns = {c.name: c for c in model.manifest.signature.columns}
    rows = [{name: value(held, columns[name], 0) for name, held in row.items()} for row in table.to_pylist()]
    return {"value": [repr(row["value"]) for row in model.predict_rows(rows)]}


def _predicted(folder: Path, frame: Any) -> dict[str, list[Any]]:
    return {name: made.tolist() for name, made in isoship.load(folder).predict(frame).items()}


def _by_pandas(folder: Path, table: pa.Table, _: Path) -> dict[str, list[Any]]:
    return _predicted(folder, _made(lambda: table.to_pandas()))


def _by_nullable_pandas(folder: Path, table: pa.Table, _: Path) -> dict[str, list[Any]]:
    return _predicted(folder, _made(lambda: table.to_pandas().convert_dtypes()))


def _by_arrow_pandas(folder: Path, table: pa.Table, _: Path) -> dict[str, list[Any]]:
    return _predicted(folder, _made(lambda: table.to_pandas(types_mapper=pd.ArrowDtype)))


def _by_polars(folder: Path, table: pa.Table, _: Path) -> dict[str, list[Any]]:
    return _predicted(folder, _polars(table))


def _by_pyarrow(folder: Path, table: pa.Table, _: Path) -> dict[str, list[Any]]:
    return _predicted(folder, table)


def _by_parquet(folder: Path, table: pa.Table, work: Path) -> dict[str, list[Any]]:
    _made(lambda: pq.write_table(table, work / "rows.parquet"))
    return _file(folder, work)


def _by_pandas_parquet(folder: Path, table: pa.Table, work: Path) -> dict[str, list[Any]]:
    _made(lambda: table.to_pandas().to_parquet(work / "rows.parquet"))
    return _file(folder, work)


def _by_polars_parquet(folder: Path, table: pa.Table, work: Path) -> dict[str, list[Any]]:
    frame = _polars(table)
    _made(lambda: frame.write_parquet(work / "rows.parquet"))
    return _file(folder, work)


def _file(folder: Path, work: Path) -> dict[str, list[Any]]:
    predict_file(folder, work / "rows.parquet", work / "out.parquet")
    made = pq.read_table(work / "out.parquet")
    assert made.schema.field("value").type == pa.float64()
    return {"value": made["value"].to_pylist()}


def _polars(table: pa.Table) -> pl.DataFrame:
    if any(pa.types.is_decimal256(field.type) for field in table.schema):
        raise NoSuchType("polars has 128 bits for a decimal")
    frame: pl.DataFrame = _made(lambda: pl.from_arrow(table))
    return frame


def _by_batches(folder: Path, table: pa.Table, _: Path) -> dict[str, list[Any]]:
    """What engines ask on their workers, here."""
    model = BatchModel.load(folder)
    pieces = [*answered(model, table, model.fields, "fail")]
    model.close()
    assert all(piece.schema.field("value").type == pa.float64() for piece in pieces)
    return {"value": [one for piece in pieces for one in piece["value"].to_pylist()]}


def _made(make: Callable[[], Any]) -> Any:
    """What a library makes of a table, before anything of ours sees it."""
    try:
        return make()
    except (pa.ArrowException, pl.exceptions.PolarsError, TypeError, ValueError, NotImplementedError) as err:
        raise NoSuchType(str(err)) from err


#: The ways that need neither Spark nor Ray.
PATHS: dict[str, Path_] = {
    "pandas": _by_pandas,
    "pandas, nullable": _by_nullable_pandas,
    "pandas, Arrow": _by_arrow_pandas,
    "polars": _by_polars,
    "pyarrow": _by_pyarrow,
    "Arrow batches": _by_batches,
    "Parquet by pyarrow": _by_parquet,
    "Parquet by pandas": _by_pandas_parquet,
    "Parquet by polars": _by_polars_parquet,
}


def cell(path: Path_, kind: str, folder: Path) -> str:
    """The dtypes of the model's columns that take the type: their first letters; - for none."""
    found = {dtype: outcome(path, dtype, kind, folder) for dtype in COLUMNS}
    if set(found.values()) == {"no such type"}:
        return "none"
    assert "no such type" not in found.values(), (kind, found)
    return "".join(dtype[0] for dtype, what in found.items() if what == "answered") or "-"


PAGE = Path(__file__).resolve().parent.parent / "docs" / "engines.md"
#: The table stands between these lines of the page.
BEGIN, END = "<!-- types: scripts/column_types.py --write -->\n", "<!-- end of types -->\n"


def drawn(cells: Mapping[str, Mapping[str, str]]) -> str:
    """Type -> way -> cell, as a table."""
    ways = list(next(iter(cells.values())))
    lines = [["type", *ways], ["---"] * (len(ways) + 1)]
    lines += [[kind, *(found[way] for way in ways)] for kind, found in cells.items()]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


@cache
def page() -> dict[str, dict[str, str]]:
    """The table as it stands in the page."""
    text = PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    header, _, *lines = ([c.strip() for c in line.strip("|").split("|")] for line in text.strip().splitlines())
    return {line[0]: dict(zip(header[1:], line[1:], strict=True)) for line in lines}
