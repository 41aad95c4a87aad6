"""index.d.ts of a bundle: the types of its rows and answers, written from the manifest and nothing else.

What all models share is web/src/types.d.ts, by hand. A misspelt column, one that is missing, a category that the model
does not know and a text in the place of a number are then errors of the compiler, not of the page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from isoship_edge.manifest import Column, Manifest, Output, Scalar
from isoship_edge.tensors.signature import FLOATS, Input

#: A list of more words, or of longer ones, is `string`: an editor is no help with them, and a compiler is slow.
MOST_WORDS, LONGEST_UNION = 300, 8_000
#: JavaScript's numbers are doubles.
_LARGEST_INTEGER = 2**53
#: float32's own ends are nobody's.
_NO_END = 1e30
_BY_CLASS = ("probabilities", "scores")
_TENSORS = {"double": "DoubleTensor", "float": "FloatTensor", "int64": "Int64Tensor", "bool": "BoolTensor"}
#: dtype -> the class of JavaScript's arrays of it (web/src/tensors/signature.js).
ARRAYS = {
    "double": "Float64Array", "float": "Float32Array", "float16": "Uint16Array", "bool": "Uint8Array",
    "int64": "BigInt64Array", "int32": "Int32Array", "int16": "Int16Array", "int8": "Int8Array",
    "uint64": "BigUint64Array", "uint32": "Uint32Array", "uint16": "Uint16Array", "uint8": "Uint8Array",
}  # fmt: skip
_HEAD = """/** The rows and answers of this model, from manifest.json. What all models share is in types.d.ts. */

import type {{ {imports} }} from "./types.js";

export * from "./types.js";

{interfaces}

/**
 * @throws {{BundleError}} a file is missing, damaged or of a newer format
 * @throws {{BackendError}} the backend asked for is not there, or has only 16-bit floats
 */
export function load(options?: LoadOptions): Promise<Model>;
/** Another bundle, at `baseUrl`, whose types say what it takes. */
export function load<M extends AnyModel>(options?: LoadOptions): Promise<M>;

/** The same in a worker of its own; only where `Worker` exists. */
export function loadInWorker(options?: WorkerOptions): Promise<Model>;
export function loadInWorker<M extends AnyModel>(options?: WorkerOptions): Promise<M>;
"""
_ALWAYS = ("AnyModel", "LoadOptions", "WorkerOptions")


def types_of(manifest: Manifest) -> str:
    """index.d.ts."""
    tensors = manifest.signature.layout == "tensors"
    interfaces = _of_tensors(manifest) if tensors else _of_columns(manifest)
    shared = (*_ALWAYS, "ColumnsModel", "TensorsModel", "GivenTensor", "NamedTensor", "Png", *_TENSORS.values())
    imports = [name for name in (*shared, "StringTensor") if name in _ALWAYS or name in _words_of(interfaces)]
    return _HEAD.format(imports=", ".join(sorted(imports)), interfaces=interfaces)


def _of_columns(manifest: Manifest) -> str:
    columns, outputs = manifest.signature.columns, manifest.outputs
    whole = ""
    if manifest.signature.layout == "matrix" and len(columns) > 1:
        missing = " | null" if any(c.missing for c in columns) else ""
        whole = f" | {{ X: ArrayLike<number{missing}> }}"
    return "\n\n".join(
        (
            _interface("Row", "One value a column.", ((c.name, _value(c), _told(c)) for c in columns)),
            _interface("Prediction", "What is answered of a row.", ((o.name, _answer(o), "") for o in outputs)),
            _interface("Arrays", "An array a column.", ((c.name, f"ArrayLike<{_element(c)}>", "") for c in columns)),
            _interface("Tensors", "Every output of all rows.", ((o.name, _tensor(o), "") for o in outputs)),
            f"export type Model = ColumnsModel<Row, Prediction, Tensors, Arrays{whole}>;",
        )
    )


def _of_tensors(manifest: Manifest) -> str:
    inputs, outputs = manifest.signature.inputs, manifest.outputs
    named = ((o.name, f'NamedTensor<"{o.dtype}", {ARRAYS.get(o.dtype, "string[]")}>', _shape(o)) for o in outputs)
    return "\n\n".join(
        (
            _interface("Inputs", "Nested lists by input.", ((i.name, _nested(i), _shape(i)) for i in inputs)),
            _interface("Outputs", "Nested lists by output.", ((o.name, _listed(o), _shape(o)) for o in outputs)),
            _interface("GivenTensors", "A tensor by input.", ((i.name, _given(i), _shape(i)) for i in inputs)),
            _interface("Tensors", "A tensor by output.", named),
            "export type TensorModel = TensorsModel<Inputs, Outputs, GivenTensors, Tensors>;",
            "export type Model = TensorModel;",
        )
    )


def _interface(name: str, told: str, members: Iterable[tuple[str, str, str]]) -> str:
    lines = []
    for key, kind, comment in members:
        lines += [f"  /** {comment} */"] * bool(comment) + [f"  {literal(key)}: {kind};"]
    return "\n".join((f"/** {told} */", f"export interface {name} {{", *lines, "}"))


def literal(value: Scalar) -> str:
    """A literal of TypeScript. What no editor shows (line separators, marks that turn text around) is escaped."""
    if not isinstance(value, str):
        return json.dumps(value)
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def union(values: Sequence[Scalar] | None, otherwise: str) -> str:
    """One of these, or `otherwise` where there are none, or more than help anyone."""
    if not values or len(values) > MOST_WORDS or any(type(v) is int and abs(v) > _LARGEST_INTEGER for v in values):
        return otherwise
    text = " | ".join(dict.fromkeys(map(literal, values)))
    return text if len(text) <= LONGEST_UNION else otherwise


def _value(column: Column) -> str:
    plain = {"double": "number", "int64": "number | bigint", "bool": "boolean"}.get(column.dtype)
    return (plain or union(column.categories, "string")) + (" | null" if column.missing else "")


def _element(column: Column) -> str:
    """Of an array of the column's own."""
    return "boolean | number" if column.dtype == "bool" else _value(column)


def _told(column: Column) -> str:
    """What the type does not say: ranges, numbers that are categories. Never a text of the model's."""
    if column.categories is not None and column.dtype != "bool":
        if column.dtype == "string":
            return f"one of {len(column.categories)}, in manifest.json" if "string" in _value(column) else ""
        shown = ", ".join(map(json.dumps, column.categories[:20]))
        return f"one of {shown}" + (", ..." if len(column.categories) > 20 else "")
    ends = {"from": column.minimum, "above": column.exclusive_minimum, "to": column.maximum,
            "below": column.exclusive_maximum}  # fmt: skip
    return " ".join(f"{word} {end!r}" for word, end in ends.items() if end is not None and abs(end) < _NO_END)


def _answer(output: Output) -> str:
    one = _scalar(output)
    if len(output.shape) == 1:
        return one
    if output.kind not in _BY_CLASS or output.classes is None or output.shape[1:] != (len(output.classes),):
        return f"({one})[]"
    if len(output.classes) > MOST_WORDS:
        return f"Record<string, {one}>"
    return f"{{ {'; '.join(f'{literal(str(c))}: {one}' for c in output.classes)} }}"


def _scalar(output: Output) -> str:
    """One value of an output; null is a number that JSON lacks, or a missing text."""
    classes = output.classes if output.kind == "label" else None
    if output.dtype == "bool":
        return "boolean"
    if output.dtype == "string":
        return union(classes, "string" if classes else "string | null")
    if output.dtype in FLOATS:
        return union(classes, "number | null")
    return union(classes, "number")


def _tensor(output: Output) -> str:
    if output.dtype != "string":
        return _TENSORS[output.dtype]
    return f"StringTensor<{union(output.classes if output.kind == 'label' else None, 'string')}>"


def _shape(one: Input | Output) -> str:
    """Sizes; a name of a dimension is the source's, and stands as N."""
    return f"{one.dtype} [{', '.join(str(size) if isinstance(size, int) else 'N' for size in one.shape)}]"


def _nested(one: Input) -> str:
    kind = _number(one)
    for _ in one.shape:
        kind = f"ArrayLike<{kind}>"
    return f"{kind} | Png | readonly Png[]" if one.image is not None else kind


def _given(one: Input) -> str:
    """A tensor, an array of the dtype's class, or lists: arrays of another class are refused."""
    classes = ARRAYS.get(one.dtype, "readonly string[]") + (" | Uint8ClampedArray" if one.dtype == "uint8" else "")
    rank, kind = len(one.shape), _number(one)
    if rank:
        kind = f"ArrayLike<{kind}>" if rank > 1 else f"readonly ({kind})[]"
    for _ in range(rank - 2):
        kind = f"ArrayLike<{kind}>"
    lists = f"readonly {kind}[]" if rank > 1 else kind
    return f"GivenTensor<{classes}, {_number(one)}> | {classes} | {lists}"


def _number(one: Input) -> str:
    if one.dtype in FLOATS:
        return "number | null" if one.nan else "number"
    return {"bool": "boolean", "string": "string"}.get(one.dtype, "number | bigint")


def _listed(one: Output) -> str:
    kind = {"bool": "boolean", "string": "string"}.get(one.dtype, "number | null" if one.dtype in FLOATS else "number")
    return f"({kind}){'[]' * len(one.shape)}" if one.shape else kind


def _words_of(text: str) -> set[str]:
    """Names that may stand in it."""
    return set("".join(c if c.isalnum() else " " for c in text).split())
