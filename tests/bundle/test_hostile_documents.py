"""A bundle of somebody else's: whatever its JSON says, a reader answers or names what is wrong, and runs nothing."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import os
import pickle
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bundles import VISITS_ROWS, make_bundle
from isoship.bundle.bundle import Bundle
from isoship.bundle.model_files import recall, remember
from isoship.errors import IsoshipError
from isoship.parity.runners.contract import Shipped
from isoship.parity.verdict.evidence import find_source, proven_graph, read_golden
from isoship_edge.errors import DamagedFile
from isoship_edge.http.openapi import openapi
from isoship_edge.http.response import Refusal
from isoship_edge.inference.model import load
from isoship_edge.manifest import sealed
from isoship_edge.v2.protocol import describe

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


def described(model: Any) -> None:
    for path in ("/v2", f"/v2/models/{model.manifest.name}"):
        with contextlib.suppress(Refusal):  # a name that no path can hold
            describe(model, path)


def readers(folder: Path) -> dict[str, Callable[[], Any]]:
    return {
        "predict": lambda: load(folder).predict_rows(VISITS_ROWS[:1]),
        "selftest": lambda: load(folder).selftest(),
        "inspect": lambda: json.dumps(Bundle.open(folder).describe()),
        "openapi": lambda: json.dumps(openapi(Bundle.open(folder).manifest)),
        "v2": lambda: described(load(folder)),
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
    assert 100 < answered < 2200


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


class Marks:
    """A pickle that leaves a folder where it was loaded."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.place),)


def asked(bundle: Path) -> tuple[Any, str]:
    """`check`'s question for the source model, without --model."""
    shipped = Shipped(bundle, Bundle.open(bundle).manifest, ())
    return find_source(shipped, read_golden(shipped), None, None)


@pytest.mark.parametrize("way", ["/proc/self/cwd/m.pkl", "link", "neighbour", "inside", "m.pkl", "../m.pkl"])
@pytest.mark.parametrize("record", [False, True])
def test_no_pickle_that_a_bundle_names_is_loaded(
    bundle: Path, tmp_path: Path, way: str, record: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unpacked archive brings the bundle, a pickle beside it, and what `.isoship/` says of the two."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ISOSHIP_CACHE", str(tmp_path / "cache"))
    marker, beside, within = tmp_path / "ran", tmp_path / "m.pkl", bundle / ".isoship"
    beside.write_bytes(pickle.dumps(Marks(marker)))
    within.mkdir()
    (within / "m.pkl").write_bytes(beside.read_bytes())
    (tmp_path / "link").symlink_to(beside)
    places = {"link": str(tmp_path / "link"), "neighbour": str(beside), "inside": str(within / "m.pkl")}
    digest = Bundle.open(bundle).manifest.digest
    known = {"digest": digest, "path": places.get(way, way), "sha256": hashlib.sha256(beside.read_bytes()).hexdigest()}
    (within / "source.json").write_text(json.dumps(known))
    if record:  # the bundle brings a record along, too, and names it by its digest, or by a path
        text = json.dumps(known)
        name = hashlib.sha256(text.encode()).hexdigest()
        (within / f"{name}.json").write_text(text)
        (within / "source.json").write_text(
            json.dumps(known | {"record": name if way == "link" else f"{within}/{name}"})
        )
    source, why = asked(bundle)
    assert source is None
    assert not marker.exists()
    assert "give it with --model" in why


def test_a_record_is_for_the_bundle_that_it_was_written_for(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOSHIP_CACHE", str(tmp_path / "cache"))
    model = tmp_path / "m.pkl"
    model.write_bytes(b"a model")
    digest = Bundle.open(bundle).manifest.digest
    remember(bundle, digest, model)
    assert str(tmp_path) not in (bundle / ".isoship" / "source.json").read_text()
    assert recall(bundle, digest) == (model, hashlib.sha256(b"a model").hexdigest())
    assert recall(bundle, "sha256:" + "0" * 64) is None
    [record] = (tmp_path / "cache" / "models").iterdir()
    record.write_text(record.read_text().replace("m.pkl", "n.pkl"))
    assert recall(bundle, digest) is None


def test_a_model_that_came_from_no_file_or_a_cache_that_takes_nothing_leaves_no_record(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = tmp_path / "full"
    full.write_text("no folder")
    monkeypatch.setenv("ISOSHIP_CACHE", str(full))
    for model in (None, full):
        remember(bundle, Bundle.open(bundle).manifest.digest, model)
        assert "not known here" in asked(bundle)[1]


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"path": 1, "sha256": 2}', '{"record": null}', '{"record": "x"}', "[" * 10**5, "x"]
)
def test_what_is_known_of_the_model_and_of_checks_may_be_anything(bundle: Path, text: str) -> None:
    (bundle / ".isoship").mkdir()
    (bundle / ".isoship" / "source.json").write_text(text)
    (bundle / "parity.json").write_text(text)
    shipped = Shipped(bundle, Bundle.open(bundle).manifest, ())
    assert find_source(shipped, read_golden(shipped), None, None)[0] is None
    assert not proven_graph(shipped)
