"""A bundle of somebody else's: whatever its JSON says, a reader answers or names what is wrong, and runs nothing."""

from __future__ import annotations

import copy
import hashlib
import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bundles import VISITS_ROWS, make_bundle
from isoship.bundle.bundle import Bundle
from isoship.errors import IsoshipError
from isoship.parity.contract import Shipped
from isoship.parity.evidence import find_source, proven_graph, read_golden
from isoship_edge.errors import DamagedFile
from isoship_edge.manifest import sealed
from isoship_edge.model import load

ODD = (None, True, 0, -1, 1e308, 10**30, "", "x", "../../x", "\0", [], {}, [[]], [None], {"a": 1}, "NaN", [1, 2, 3])


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "visits")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, held in below:
        yield (*path, name)
        yield from places(held, (*path, name))


def changed(document: Any, draw: random.Random) -> Any:
    """A copy, one member of which is gone or is something else."""
    made = copy.deepcopy(document)
    *way, last = draw.choice(list(places(made)))
    held = made
    for name in way:
        held = held[name]
    if draw.random() < 0.2:
        del held[last]
    else:
        held[last] = draw.choice(ODD)
    return made


def readers(folder: Path) -> dict[str, Callable[[], Any]]:
    return {
        "predict": lambda: load(folder).predict_rows(VISITS_ROWS[:1]),
        "selftest": lambda: load(folder).selftest(),
        "inspect": lambda: json.dumps(Bundle.open(folder).describe()),
        "golden": lambda: read_golden(Shipped(folder, Bundle.open(folder).manifest, ())),
    }


@pytest.mark.parametrize("name", ["manifest.json", "golden.json"])
def test_any_member_may_be_anything(bundle: Path, name: str) -> None:
    """Sealed again, as somebody would who means it: no checksum stands in the way."""
    document, draw = json.loads((bundle / name).read_bytes()), random.Random(5)
    answered = 0
    for _ in range(400):
        made = changed(document, draw)
        (bundle / name).write_bytes(sealed(made) if name == "manifest.json" else json.dumps(made).encode())
        for reader, read in readers(bundle).items():
            try:
                read()
            except IsoshipError:
                continue
            except Exception as err:
                raise AssertionError(f"{reader}: {type(err).__name__} of {made}") from err
            answered += 1
    assert 100 < answered < 1500


@pytest.mark.parametrize("text", ["[", '{"a":'])
@pytest.mark.parametrize("name", ["manifest.json", "golden.json"])
def test_nesting_that_no_reader_follows_is_damage(bundle: Path, name: str, text: str) -> None:
    (bundle / name).write_text(text * 100_000)
    with pytest.raises(DamagedFile, match="nested too deeply"):
        load(bundle).selftest()


@pytest.mark.parametrize("listed", ["model.onnx/../../x", "/etc/hostname", "model.onnx\0", "..\\x", ""])
def test_paths_stay_in_the_bundle(bundle: Path, listed: str) -> None:
    document = json.loads((bundle / "manifest.json").read_bytes())
    document["files"][listed] = "0" * 64
    (bundle / "manifest.json").write_bytes(sealed(document))
    with pytest.raises(DamagedFile, match="no path in the bundle"):
        load(bundle)


@pytest.mark.parametrize("absolute", [True, False])
def test_the_pickle_that_a_bundle_brings_along_is_not_loaded(
    bundle: Path, absolute: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`check` without --model loads what .isoship/ names: no file of the bundle, and none beside the caller."""
    monkeypatch.chdir(bundle)
    own = bundle / ".isoship" / "m.pkl"
    own.parent.mkdir()
    own.write_bytes(b"a pickle that would run")
    known = {
        "path": str(own if absolute else own.relative_to(bundle)),
        "sha256": hashlib.sha256(own.read_bytes()).hexdigest(),
    }
    (bundle / ".isoship" / "source.json").write_text(json.dumps(known))
    shipped = Shipped(bundle, Bundle.open(bundle).manifest, ())
    source, why = find_source(shipped, read_golden(shipped), None, None)
    assert source is None
    assert "brings along" in why


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"path": 1, "sha256": 2}', '{"path": null, "sha256": null}', "[" * 10**5, "x"]
)
def test_what_is_known_of_the_model_and_of_checks_may_be_anything(bundle: Path, text: str) -> None:
    (bundle / ".isoship").mkdir()
    (bundle / ".isoship" / "source.json").write_text(text)
    (bundle / "parity.json").write_text(text)
    shipped = Shipped(bundle, Bundle.open(bundle).manifest, ())
    assert find_source(shipped, read_golden(shipped), None, None)[0] is None
    assert not proven_graph(shipped)
