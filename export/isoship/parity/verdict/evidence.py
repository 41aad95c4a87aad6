"""What a check compares with: the source model, model.onnx where it was proven, or the golden rows alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from isoship.bundle.model_files import fingerprint, recall
from isoship.bundle.sums import sha256
from isoship.errors import BundleError, InputError, ModelFileError
from isoship.parity.runners.contract import Shipped
from isoship.parity.runners.onnxruntime import OnnxRuntimeRunner
from isoship.rows.columns import Array
from isoship.rows.reference import Answer
from isoship.rows.refusals import Refused
from isoship.sources import open_source
from isoship.sources.contract import Answers, Row, Source
from isoship.sources.sklearn.outside.converters import converters_from
from isoship_edge.encoding.documents import of_type, parsed
from isoship_edge.encoding.golden import decode
from isoship_edge.manifest import Output

Evidence = Literal["source", "golden", "graph"]

#: What each level means to a reader.
EVIDENCE = {
    "source": "fresh rows, answered by the source model itself",
    "golden": "golden rows only: the source model's answers that travel in the bundle; no model file was loaded",
    "graph": "fresh rows, answered by model.onnx, which an earlier check proved against the source model",
}

_NUMPY: dict[str, Any] = {"double": float, "float": float, "int64": np.int64, "bool": bool, "string": object}


@dataclass(frozen=True, eq=False)
class Golden:
    """golden.json, read: rows, a kind each, the source model's answers, and rows that must be refused."""

    rows: list[Row]
    kinds: list[str]
    answers: Answers
    refused: list[Refused]


def read_golden(shipped: Shipped) -> Golden:
    """The golden rows of a bundle.

    Raises:
        BundleError: missing or damaged.
    """
    path = shipped.folder / "golden.json"
    try:
        document = parsed(path.read_bytes())
        rows = [{k: decode(v) for k, v in row.items()} for row in document["rows"]]
        outputs = {o.name: _array(decode(document["expected"][o.name]), o) for o in shipped.manifest.outputs}
        margin = np.array(decode(document["margin"]), dtype=np.float64)
        refused = [
            Refused({k: decode(v) for k, v in r["row"].items()}, r["column"], r["why"]) for r in document["refused"]
        ]
        return Golden(rows, list(document["kinds"]), Answers(outputs, margin), refused)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
        raise BundleError(f"{path} is missing or damaged: {type(err).__name__}: {err}. Export again") from err


def find_source(
    shipped: Shipped,
    golden: Golden,
    model: Any,
    sample: Any,
    say: Callable[[str], None] | None = None,
    converters: Any = None,
) -> tuple[Source | None, str]:
    """The source model, given or where this user exported it from, and a note on why there is none.

    say: is told that a pickle runs code before it is loaded.
    converters: as in `isoship.export`; the graph is there, so a class without one is asked all the same.

    Raises:
        ModelFileError: the model given is not the one that was exported.
    """
    if model is None:
        model, why_not = known_model(shipped)
        if model is None:
            return None, why_not
    return _opened(shipped, golden, model, sample, say, converters), ""


def known_model(shipped: Shipped) -> tuple[Path | None, str]:
    """The model file or folder that this user exported as this bundle, while it is unchanged; else why not."""
    known = recall(shipped.folder, shipped.manifest.digest)
    if known is None:
        return None, "where the model file of this bundle lies is not known here; give it with --model"
    place = known.path
    if not place.exists():
        return None, f"the model file {place} is not there any more; give it with --model"
    if fingerprint(place) != known.sha256:
        return None, f"the model file {place} has changed since the export; give the one that was exported with --model"
    return place, ""


def proven_graph(shipped: Shipped) -> bool:
    """An earlier check proved this very model.onnx against the source model."""
    try:
        document = of_type(dict, parsed((shipped.folder / "parity.json").read_bytes()), "parity.json")
        verdicts = of_type(list, document["verdicts"], "verdicts")
    except (OSError, ValueError, KeyError):
        return False
    return (
        document.get("ok") is True
        and document.get("evidence") == "source"
        and document.get("digest") == shipped.manifest.digest
        and document.get("model_sha256") == sha256(shipped.folder / "model.onnx")
        and any(isinstance(v, dict) and (v.get("name"), v.get("status")) == ("onnxruntime", "agree") for v in verdicts)
    )


def graph_answers(shipped: Shipped) -> Answer:
    """model.onnx as the reference: its own best two scores stand in for the source model's margin."""
    runner = OnnxRuntimeRunner()
    runner.prepare(shipped)

    def answer(rows: list[Row]) -> Answers:
        outputs = runner.infer(rows)
        return Answers({k: _wide(v) for k, v in outputs.items()}, _margin(outputs, shipped.manifest.outputs, len(rows)))

    return answer


def _opened(
    shipped: Shipped,
    golden: Golden,
    model: Any,
    sample: Any,
    say: Callable[[str], None] | None,
    converters: Any,
) -> Source:
    manifest = shipped.manifest
    frame = _frame(shipped, golden.rows, sample)
    marks = {c.name: c.mark for c in manifest.signature.columns if c.mark is not None}
    kinds = list(dict.fromkeys(o.kind for o in manifest.outputs))
    dtypes = {c.name: c.dtype for c in manifest.signature.columns}
    classes = None
    if manifest.provenance.get("classes") == "given":
        classes = next((o.classes for o in manifest.outputs if o.kind == "label"), None)
    own = converters_from(converters)
    try:
        source = open_source(
            model,
            sample=frame,
            outputs=kinds,
            dtypes=dtypes,
            marks=marks,
            classes=classes,
            say=say,
            converters=own,
            to_convert=False,
        )
    except InputError as err:
        raise ModelFileError(f"the model given is not the one that was exported: {err}") from err
    theirs, ours = [c.name for c in source.signature.columns], list(dtypes)
    names = {o.name for o in manifest.outputs}
    if theirs != ours or not names <= {o.name for o in source.outputs}:
        raise ModelFileError(
            f"the model given is not the one that was exported: it has the columns {', '.join(theirs[:12])} and the"
            f" outputs {', '.join(o.name for o in source.outputs)}; the bundle has the columns {', '.join(ours[:12])}"
            f" and the outputs {', '.join(sorted(names))}"
        )
    return source


def _frame(shipped: Shipped, rows: Sequence[Row], sample: Any) -> Any:
    """What shows a source its column types: the sample, else the golden rows in the manifest's types."""
    import pandas as pd

    signature = shipped.manifest.signature
    if isinstance(sample, (str, Path)):
        from isoship.data import read_rows

        whole = [c.name for c in signature.columns if c.dtype in ("int64", "bool")]
        own = read_rows(sample, signature)
        # a row with a missing value there is refused, which the check says of that row
        rows = [row for row in own if all(row.get(name) is not None for name in whole)] or rows
    elif sample is not None:
        return sample
    kinds = {"double": "float64", "int64": "int64", "bool": "bool", "string": "str"}
    return pd.DataFrame(
        {c.name: pd.Series([row.get(c.name) for row in rows], dtype=kinds[c.dtype]) for c in signature.columns}
    )


def _array(values: Any, output: Output) -> Array:
    array = np.array(values, dtype=_NUMPY[output.dtype])
    if len(output.shape) > 1 and array.ndim == 1:
        array = array.reshape(len(array), -1)
    return array


def _wide(array: Array) -> Array:
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _margin(outputs: dict[str, Array], known: Sequence[Output], count: int) -> Array:
    for output in known:
        if output.kind not in ("probabilities", "scores") or output.name not in outputs:
            continue
        scores = outputs[output.name].astype(np.float64)
        if scores.ndim == 1:
            return np.abs(scores)
        if scores.shape[1] > 1:
            ordered = np.sort(scores, axis=1)
            return np.asarray(ordered[:, -1] - ordered[:, -2])
    return np.full(count, np.inf)
