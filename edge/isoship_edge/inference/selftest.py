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
    from collections.abc import Mapping

    from isoship_edge.inference.model import Model
    from isoship_edge.inference.tensor import Tensor
    from isoship_edge.manifest import Manifest

#: A border of so many rows is none: the row program answers all.
_MANY = 10_000


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
    if digest != model.manifest.digest:
        wrong: str | None = f"golden.json belongs to digest {digest}, the bundle has {model.manifest.digest}"
        return Selftest(False, 0, 0.0, 0, wrong)
    held = _Held(model.manifest, expected, margin)
    for places in _asked(len(rows), model.engines.most_rows):
        try:
            tensors = model.tensors([rows[i] for i in places])
        except (InputError, InferenceError) as err:
            return Selftest(False, 0, 0.0, 0, f"the golden rows are not answered: {err}")
        held.compare(places, tensors)
    wrong = held.wrong
    for entry in refused:
        try:
            model.tensors([entry["row"]])
        except InputError as err:
            if entry.get("column") is not None and err.column != entry["column"] and wrong is None:
                wrong = f"a row is refused for {err.column!r} that the model refuses for {entry['column']!r}"
        else:
            wrong = wrong or f"a row is answered that the model refuses: {entry.get('why')} in {entry.get('column')!r}"
    return Selftest(wrong is None, len(rows) + len(refused), held.worst, len(held.ties), wrong)


class _Held:
    """Answers held against the golden ones. ties: (output, row) of other labels inside the margin."""

    def __init__(self, manifest: Manifest, expected: dict[str, Any], margin: list[float]) -> None:
        self._outputs = [output for output in manifest.outputs if output.name in expected]
        self._expected, self._margin = expected, margin
        self._tolerances = {name: by["double"] for name, by in manifest.tolerances.items() if "double" in by}
        self._tie_below = tie_margin(manifest.outputs, self._tolerances, "double")
        self.worst = 0.0
        self.wrong: str | None = None
        self.ties: set[tuple[str, int]] = set()

    def compare(self, places: list[int], tensors: Mapping[str, Tensor]) -> None:
        for output in self._outputs:
            got, want = values(tensors[output.name]), self._expected[output.name]
            width = len(got) // max(1, len(places))
            if (len(got), len(want)) != (width * len(places), width * len(self._margin)):
                whole = f"{len(want)} values of {len(self._margin)} rows"
                self.wrong = self.wrong or f"{output.name}: expected {whole}, got {len(got)} of {len(places)}"
                continue
            for i, a in enumerate(got):
                row = places[i // width]
                b = want[row * width + i % width]
                difference, fits = compared(output, self._tolerances.get(output.name), a, b)
                self.worst = max(self.worst, difference)
                if fits:
                    continue
                if output.kind == "label" and self._margin[row] <= self._tie_below:
                    self.ties.add((output.name, row))
                elif self.wrong is None:
                    self.wrong = f"row {row}, {output.name}: expected {b!r}, got {a!r}"


def _asked(count: int, most_rows: int) -> list[list[int]]:
    """The golden rows in requests for either engine: as many at once as the row program answers, and more than that."""
    if not 0 < most_rows < _MANY or not count:
        return [list(range(count))]
    few = [list(range(start, min(start + most_rows, count))) for start in range(0, count, most_rows)]
    return [[i % count for i in range(max(count, most_rows + 1))], *few]


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
