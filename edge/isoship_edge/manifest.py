"""The manifest: what a bundle says of itself, read without anything but the standard library.

`NamedTuple` and not `dataclass`: this module is on the Lambda's cold path, and importing `dataclasses`
(with `inspect`) costs more than reading the manifest.
The published schema is `manifest.schema.json` beside this file; `tests/vectors/` holds the vectors that this
reader and its JavaScript twin (`web/src/manifest.js`) both pass.
"""

from __future__ import annotations

import json
import math

from isoship_edge.digests import WAY_OUT, sha256_of
from isoship_edge.encoding.documents import digests, number, of_type, parsed, scalars, shape, texts
from isoship_edge.errors import BundleError, DamagedFile
from isoship_edge.lean_namedtuple import NamedTuple

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from isoship_edge.tensors.signature import Input

#: The newest format that is read, and the one that column signatures are written in; tensors are format 2.
FORMAT, COLUMNS_FORMAT = 2, 1

#: Stands for a missing string inside ONNX tensors, which have no null. U+FDD0 is a Unicode noncharacter
#: reserved for internal use (Unicode 15, section 23.7); rows that contain it are refused.
MISSING_STRING = "\ufdd0"

DTYPES = ("double", "int64", "bool", "string")
OUTPUT_DTYPES = (*DTYPES, "float")
KINDS = ("label", "probabilities", "scores", "score_samples", "value", "transformed")
#: The kind of a tensor model's outputs, which keep the names that the source gave them.
TENSOR = "tensor"

#: The ends of a column's range: attribute of `Column` -> member of the manifest, as JSON Schema calls it.
ENDS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusive_minimum": "exclusiveMinimum",
    "exclusive_maximum": "exclusiveMaximum",
}

#: The row program's files.
ROW_FILES = ("rows.json", "rows.bin")

_CHECKSUM, _ZEROS = b'"checksum": "', "0" * 64

Scalar = str | int | float | bool


class Column(NamedTuple):
    """One input column and what the source model accepts in it (the input contract).

    missing: `null` is an answerable value. infinity: +-inf is (double columns only).
    categories: when set, the only values that the source model accepts.
    minimum, maximum: the ends of the range that it accepts, themselves accepted; exclusive_minimum,
    exclusive_maximum: its ends where they are refused (number columns only, at most one of each two).
    An infinite value is `infinity`'s to decide, not theirs.
    empty: what the empty cell of a CSV file means in a string column whose model knows the empty text: "value", that
    text; "quoted", that text in quotes and else missing, which the model knows, too. None: missing.
    input: the tensor's name in ONNX and V2, where an output has the column's name or the column has none.
    mark: what a missing value is where the source model is asked: "none" (None) or "NA" (pandas.NA); None: NaN.
    """

    name: str
    dtype: str
    missing: bool = False
    infinity: bool = False
    categories: tuple[Scalar, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    exclusive_maximum: float | None = None
    empty: str | None = None
    input: str | None = None
    mark: str | None = None

    @property
    def tensor(self) -> str:
        """The name of the column's tensor in ONNX and V2; everywhere else the column has its own."""
        return self.name if self.input is None else self.input

    @property
    def lowest(self) -> float:
        """The least finite number that the source model accepts; -inf where it accepts all."""
        if self.exclusive_minimum is not None:
            return math.nextafter(self.exclusive_minimum, math.inf)
        return -math.inf if self.minimum is None else self.minimum

    @property
    def highest(self) -> float:
        """The greatest finite number that the source model accepts; inf where it accepts all."""
        if self.exclusive_maximum is not None:
            return math.nextafter(self.exclusive_maximum, -math.inf)
        return math.inf if self.maximum is None else self.maximum


class Signature(NamedTuple):
    """layout "columns": one ONNX input a column, [N, 1], under the column's name;
    layout "matrix": one ONNX input `X`, double [N, F], columns in order;
    layout "tensors": no columns, and one ONNX input for each of `inputs`."""

    layout: str
    columns: tuple[Column, ...]
    inputs: tuple[Input, ...] = ()


class Output(NamedTuple):
    """One output: `name` is the ONNX output's name; shape is ("N",) or ("N", K), and of a tensor any.

    kind: label, probabilities, scores, score_samples, value, transformed; tensor.
    dtype: double, float, int64, bool, string; of a tensor any of `isoship_edge.tensors.signature.DATATYPES`.
    classes: for labels every value that can appear; otherwise the class of each column, of a tensor's last axis, in
    order.
    """

    name: str
    kind: str
    dtype: str
    shape: tuple[str | int, ...]
    classes: tuple[Scalar, ...] | None = None


class Tolerance(NamedTuple):
    """|d| <= atol + rtol * |reference|, and the reason why it is not zero."""

    atol: float
    rtol: float
    reason: str


class RowProgramFacts(NamedTuple):
    """libm: the outputs whose last bits hang on the platform's C library (exp, log and their kin); all others have the
    same bits everywhere. lacks: why there is no row program, the operator first; None where there is one.
    most_rows: target -> the most rows of a request that the row program answers there, and ONNX Runtime more."""

    libm: tuple[str, ...] = ()
    lacks: str | None = None
    most_rows: dict[str, int] = {}  # noqa: RUF012 - a NamedTuple's default, which nobody writes to


class Manifest(NamedTuple):
    """`tolerances[output][precision]`, precision "double" or "float32". `files` maps paths in the bundle to sha256.

    row_bytes: what a row takes while model.onnx runs; None in older bundles. optimized: the forms that ship load
    model.onnx with ONNX Runtime's own optimization, which was held against the source (networks alone).
    row_program: of rows.json and rows.bin; None in older bundles and those of tensors, which have none.
    """

    name: str
    version: str
    digest: str
    signature: Signature
    outputs: tuple[Output, ...]
    tolerances: dict[str, dict[str, Tolerance]]
    encoder: dict[str, Any] | None
    provenance: dict[str, Any]
    files: dict[str, str]
    row_bytes: int | None = None
    optimized: bool = False
    row_program: RowProgramFacts | None = None

    @property
    def encoder_required(self) -> bool:
        return self.encoder is not None


def canonical_json(value: Any) -> bytes:
    """The one byte form of a JSON value: sorted keys, no spaces, UTF-8, shortest repr of doubles, no NaN."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest_of(model_sha256: str, manifest: dict[str, Any]) -> str:
    """`sha256:<hex>` over what determines the answers; equal on all targets and architectures.

    The row program answers, too: its files' digests are part of it where `files` lists them.
    """
    identity = {key: manifest[key] for key in ("signature", "encoder", "outputs", "tolerances")}
    rows = {name: listed for name, listed in manifest.get("files", {}).items() if name in ROW_FILES}
    if rows:
        identity["rows"] = rows
    return "sha256:" + sha256_of(canonical_json({"model": model_sha256, **identity}))


def sealed(document: dict[str, Any]) -> bytes:
    """manifest.json's bytes, with a member `checksum` at their end.

    It is the sha256 of these bytes with zeros in its place, so that any reader can hold a file against itself without
    writing JSON as Python does.
    """
    document = {name: value for name, value in document.items() if name != "checksum"} | {"checksum": _ZEROS}
    text = (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
    head, found, tail = text.rpartition(_CHECKSUM)
    return head + found + sha256_of(text).encode() + tail[len(_ZEROS) :]


def manifest_from_bytes(data: bytes, path: str | Path) -> tuple[dict[str, Any], Manifest]:
    """The document and what it says. path: for messages.

    Raises:
        DamagedFile: it is not JSON, or not what was written. BundleError: it is no manifest, or of a newer format.
    """
    try:
        document = parsed(data)
    except ValueError as err:  # no UTF-8 either
        raise DamagedFile(f"{path} is not JSON: {err}. {WAY_OUT}") from err
    if isinstance(document, dict) and document.get("format") in (1, FORMAT) and "checksum" in document:
        head, found, tail = data.rpartition(_CHECKSUM)
        zeroed = head + found + _ZEROS.encode() + tail[len(_ZEROS) :]
        if not found or sha256_of(zeroed) != document["checksum"]:
            raise DamagedFile(f"{path} was changed after the export. {WAY_OUT}")
    return document, manifest_from_json(document)


def manifest_from_json(document: Any) -> Manifest:
    """Reads a manifest document.

    Raises:
        BundleError: it is no manifest, or of a newer format.
    """
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise BundleError("this is no isoship manifest: it has no integer `format`")
    if document["format"] > FORMAT:
        raise BundleError(
            f"this bundle has manifest format {document['format']}; this isoship reads formats up to {FORMAT}."
            " Use the version of isoship that wrote it, or a newer one"
        )
    try:
        return Manifest(
            name=of_type(str, document["name"], "name"),
            version=of_type(str, document["version"], "version"),
            digest=of_type(str, document["digest"], "digest"),
            signature=_signature(document["signature"]),
            outputs=tuple(map(_output, of_type(list, document["outputs"], "outputs"))),
            tolerances={
                name: {precision: _tolerance(**t) for precision, t in by_precision.items()}
                for name, by_precision in document["tolerances"].items()
            },
            encoder=None if document["encoder"] is None else of_type(dict, document["encoder"], "encoder"),
            provenance=texts(document["provenance"], "provenance"),
            files=digests(document["files"]),
            row_bytes=_size(document.get("row_bytes")),
            optimized=of_type(bool, document.get("optimized", False), "optimized"),
            row_program=_row_program(document.get("row_program")),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as err:
        raise DamagedFile(f"this manifest is damaged: {type(err).__name__}: {err}") from err


def read_manifest(path: str | Path) -> Manifest:
    """Reads `manifest.json`, or the one inside a bundle folder.

    Raises:
        BundleError: missing, unreadable, damaged, or of a newer format.
    """
    from pathlib import Path

    path = Path(path)
    if path.is_dir():
        path = path / "manifest.json"
    try:
        data = path.read_bytes()
    except OSError as err:
        raise BundleError(
            f"no manifest at {path}: {err.strerror}. Give the folder that `isoship export` wrote"
        ) from err
    return manifest_from_bytes(data, path)[1]


def signature_to_json(signature: Signature) -> dict[str, Any]:
    if signature.layout == "tensors":
        from isoship_edge.tensors.signature import inputs_to_json

        return {"layout": "tensors", "inputs": inputs_to_json(signature.inputs)}
    columns = []
    for column in signature.columns:
        entry: dict[str, Any] = {"name": column.name, "dtype": column.dtype, "missing": column.missing}
        if column.dtype == "double":
            entry["infinity"] = column.infinity
        if column.categories is not None:
            entry["categories"] = list(column.categories)
        ends = ((key, getattr(column, name)) for name, key in ENDS.items())
        entry |= {key: end for key, end in ends if end is not None}
        if column.empty is not None:
            entry["empty"] = column.empty
        if column.input is not None:
            entry["input"] = column.input
        if column.mark is not None:
            entry["mark"] = column.mark
        columns.append(entry)
    return {"layout": signature.layout, "columns": columns}


def output_to_json(output: Output) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": output.name,
        "kind": output.kind,
        "dtype": output.dtype,
        "shape": list(output.shape),
    }
    if output.classes is not None:
        entry["classes"] = list(output.classes)
    return entry


def _signature(document: dict[str, Any]) -> Signature:
    if document["layout"] == "tensors":
        from isoship_edge.tensors.signature import inputs_from_json

        return Signature("tensors", (), inputs_from_json(document["inputs"]))
    if document["layout"] not in ("columns", "matrix"):
        raise ValueError(f"signature.layout is {document['layout']!r}")
    columns = []
    for c in document["columns"]:
        name = of_type(str, c["name"], "a column's name")
        if c["dtype"] not in DTYPES:
            raise ValueError(f"column {c['name']!r} has dtype {c['dtype']!r}")
        if "input" in c and not (isinstance(c["input"], str) and c["input"]):
            raise ValueError(f"column {c['name']!r} cannot have the input {c['input']!r}")
        if c.get("empty") not in (None, "value", "quoted") or (c.get("empty") and c["dtype"] != "string"):
            raise ValueError(f"column {c['name']!r} cannot have the empty {c['empty']!r}")
        if c.get("mark") not in (None, "none", "NA"):
            raise ValueError(f"column {c['name']!r} cannot have the mark {c['mark']!r}")
        columns.append(
            Column(
                name,
                c["dtype"],
                of_type(bool, c["missing"], f"missing of {name!r}"),
                of_type(bool, c.get("infinity", False), f"infinity of {name!r}"),
                scalars(c.get("categories"), f"categories of {name!r}"),
                **_ends(c),
                empty=c.get("empty"),
                input=c.get("input"),
                mark=c.get("mark"),
            )
        )
    return Signature(document["layout"], tuple(columns))


def _ends(column: dict[str, Any]) -> dict[str, float]:
    ends = {name: column[key] for name, key in ENDS.items() if key in column}
    for name, end in ends.items():
        twice = name.startswith("exclusive") and ENDS[name.removeprefix("exclusive_")] in column
        fits = column["dtype"] == "double" or (column["dtype"] == "int64" and not name.startswith("exclusive"))
        if twice or not fits or type(end) not in (int, float):
            raise ValueError(f"column {column['name']!r} cannot have the {ENDS[name]} {end!r}")
    return ends


def _size(found: Any) -> int | None:
    if found is not None and (type(found) is not int or found < 1):
        raise ValueError(f"row_bytes is {found!r}")
    return found


def _row_program(found: Any) -> RowProgramFacts | None:
    if found is None:
        return None
    if "lacks" in of_type(dict, found, "row_program"):
        return RowProgramFacts(lacks=of_type(str, found["lacks"], "row_program.lacks"))
    libm = of_type(list, found["libm"], "row_program.libm")
    most = of_type(dict, found.get("most_rows", {}), "row_program.most_rows")
    for target, count in most.items():
        if type(count) is not int or count < 0:
            raise ValueError(f"row_program.most_rows of {target!r} is {count!r}")
    return RowProgramFacts(tuple([of_type(str, name, "an output of row_program.libm") for name in libm]), None, most)


def _output(o: dict[str, Any]) -> Output:
    name = of_type(str, o["name"], "an output's name")
    if o["kind"] == TENSOR:
        from isoship_edge.tensors.signature import DATATYPES, dims_from_json

        if o["dtype"] not in DATATYPES:
            raise ValueError(f"output {name!r} has dtype {o['dtype']!r}")
        dims = dims_from_json(o["shape"], f"shape of {name!r}")
        return Output(name, TENSOR, o["dtype"], dims, scalars(o.get("classes"), f"classes of {name!r}"))
    if o["kind"] not in KINDS or o["dtype"] not in OUTPUT_DTYPES:
        raise ValueError(f"output {name!r} has kind {o['kind']!r} and dtype {o['dtype']!r}")
    return Output(
        name,
        o["kind"],
        o["dtype"],
        shape(o["shape"], f"shape of {name!r}"),
        scalars(o.get("classes"), f"classes of {name!r}"),
    )


def _tolerance(atol: float, rtol: float, reason: str) -> Tolerance:
    return Tolerance(number(atol, "atol"), number(rtol, "rtol"), of_type(str, reason, "a tolerance's reason"))
