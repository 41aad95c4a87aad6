"""The golden rows, replayed where a bundle landed: does this copy, on this machine, answer as the source model did?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from isoship_edge.digests import check_file
from isoship_edge.encoding import golden
from isoship_edge.encoding.documents import number, parsed
from isoship_edge.errors import BundleError, DamagedFile, InferenceError, InputError
from isoship_edge.inference.agreement import compared, is_measured, tie_margin
from isoship_edge.inference.tensor import values

if TYPE_CHECKING:
    from isoship_edge.inference.model import Model
    from isoship_edge.manifest import Manifest


class Selftest(NamedTuple):
    """ok: every golden row agrees within the manifest's tolerances, ties apart, and every refused row is refused.

    worst: the largest |difference| of any number. ties: other labels inside the margin. first_difference: None, or
    what went wrong first, in words.
    """

    ok: bool
    rows: int
    worst: float
    ties: int
    first_difference: str | None


def selftest(model: Model) -> Selftest:
    """Compares the digests of the files once more, then replays golden.json.

    Raises:
        DamagedFile: one is not the one that was exported. BundleError: there are no golden rows.
    """
    model.check_files()
    digest, rows, expected, margin, refused = _read(model.folder, model.manifest)
    wrong: str | None = None
    if digest != model.manifest.digest:
        wrong = f"golden.json belongs to digest {digest}, the bundle has {model.manifest.digest}"
        return Selftest(False, 0, 0.0, 0, wrong)
    worst, ties = 0.0, 0
    try:
        tensors = model.tensors(rows)
    except (InputError, InferenceError) as err:
        return Selftest(False, 0, 0.0, 0, f"the golden rows are not answered: {err}")
    manifest = model.manifest
    tolerances = {name: by["double"] for name, by in manifest.tolerances.items() if "double" in by}
    tie_below = tie_margin(manifest.outputs, tolerances, "double")
    for output in manifest.outputs:
        if output.name not in expected:
            continue
        got, want = values(tensors[output.name]), expected[output.name]
        if len(got) != len(want):
            wrong = wrong or f"{output.name}: {len(got)} values for {len(want)} expected"
            continue
        width = max(1, len(want) // max(1, len(rows)))
        for i, (a, b) in enumerate(zip(got, want, strict=True)):
            difference, fits = compared(output, tolerances.get(output.name), a, b)
            worst = max(worst, difference)
            if fits:
                continue
            row = i // width
            if output.kind == "label" and margin[row] <= tie_below:
                ties += 1
            elif wrong is None:
                wrong = f"row {row}, {output.name}: expected {b!r}, got {a!r}"
    for entry in refused:
        try:
            model.tensors([entry["row"]])
        except InputError as err:
            if entry.get("column") is not None and err.column != entry["column"] and wrong is None:
                wrong = f"a row is refused for {err.column!r} that the model refuses for {entry['column']!r}"
        else:
            wrong = wrong or f"a row is answered that the model refuses: {entry.get('why')} in {entry.get('column')!r}"
    return Selftest(wrong is None, len(rows) + len(refused), worst, ties, wrong)


def _read(
    folder: Path, manifest: Manifest
) -> tuple[str, list[dict[str, Any]], dict[str, Any], list[float], list[dict[str, Any]]]:
    path = folder / "golden.json"
    listed = manifest.files.get("golden.json")
    if listed is not None:
        check_file(path, listed)
    try:
        document = parsed(path.read_bytes())
        if document["format"] > 1:
            raise BundleError(f"{path} has format {document['format']}; this isoship reads formats up to 1")
        rows = [{name: golden.decode(value) for name, value in row.items()} for row in document["rows"]]
        expected = {name: _flat(golden.decode(value)) for name, value in document["expected"].items()}
        for output in manifest.outputs:
            if is_measured(output):
                for value in expected.get(output.name, ()):
                    number(value, f"a value of {output.name!r}")
        margin = golden.decode(document.get("margin") or [{"$": "inf"}] * len(rows))
        if len(margin) != len(rows):
            raise ValueError(f"{len(margin)} margins of {len(rows)} rows")
        for value in margin:
            number(value, "a margin")
        refused = [
            {**entry, "row": {name: golden.decode(value) for name, value in entry["row"].items()}}
            for entry in document.get("refused", [])
        ]
    except OSError as err:
        raise BundleError(f"no golden rows at {path}: {err.strerror}") from err
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise DamagedFile(f"{path} is damaged: {type(err).__name__}: {err}") from err
    return document.get("digest"), rows, expected, margin, refused


def _flat(nested: Any) -> list[Any]:
    if not isinstance(nested, list):
        return [nested]
    return [value for item in nested for value in _flat(item)]
