"""Digests before answers: a file that is not the one that was exported is an error that names it, in every reader."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

import isoship
from bundles import VISITS_ROWS, make_bundle
from isoship.bundle.bundle import Bundle
from isoship_edge.digests import sha256_of, sha256_of_file
from isoship_edge.errors import BundleError, DamagedFile
from isoship_edge.inference.model import load
from isoship_edge.manifest import manifest_from_bytes, read_manifest, sealed


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """As an export writes it: every file's digest in the manifest, and the manifest's own."""
    folder = make_bundle(tmp_path / "bundle")
    document = json.loads((folder / "manifest.json").read_bytes())
    document["files"] = {name: sha256_of_file(folder / name) for name in ("model.onnx", "golden.json")}
    (folder / "manifest.json").write_bytes(sealed(document))
    return folder


@pytest.mark.parametrize("openssl", [True, False], ids=["OpenSSL is there", "it is not"])
@pytest.mark.parametrize("size", [0, 1, 3 * 2**18 - 1, 3 * 2**18, 2**20 + 1, 2**21])
def test_both_ways_make_the_digest_that_hashlib_makes(
    size: int, openssl: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not openssl:
        monkeypatch.delitem(sys.modules, "_hashlib")
    data = random.Random(size).randbytes(size)
    (tmp_path / "file").write_bytes(data)
    assert sha256_of(data) == sha256_of_file(tmp_path / "file") == hashlib.sha256(data).hexdigest()


def test_a_sound_bundle_loads_and_a_seal_is_renewed_not_doubled(bundle: Path) -> None:
    assert load(bundle).selftest().ok
    data = (bundle / "manifest.json").read_bytes()
    assert sealed(json.loads(data)) == data
    # A column of the checksum's name, or a text that looks like one, is no checksum.
    document = json.loads(data) | {"provenance": {"note": '"checksum": "', "checksum": "0" * 64}}
    assert manifest_from_bytes(sealed(document), "manifest.json")[0]["provenance"] == document["provenance"]


def test_a_model_with_one_flipped_bit_answers_nobody(bundle: Path) -> None:
    right, pick = (bundle / "model.onnx").read_bytes(), random.Random(1)
    for _ in range(25):
        (bundle / "model.onnx").write_bytes(flipped(right, pick.randrange(8 * len(right))))
        with pytest.raises(DamagedFile, match=r"model\.onnx is damaged: its sha256 is"):
            isoship.load(bundle)
    (bundle / "model.onnx").unlink()
    with pytest.raises(DamagedFile, match=r"model\.onnx"):
        isoship.load(bundle)


def test_a_manifest_with_one_flipped_bit_is_refused_or_says_the_same(bundle: Path) -> None:
    right = (bundle / "manifest.json").read_bytes()
    expected = read_manifest(bundle)
    same = 0
    for bit in range(0, 8 * len(right), 11):
        try:
            _, manifest = manifest_from_bytes(flipped(right, bit), "manifest.json")
        except BundleError:
            continue
        assert manifest == expected
        same += 1
    # Only where the checksum loses its own name, which makes this a manifest of an older export.
    assert same <= len("checksum")
    (bundle / "manifest.json").write_bytes(right.replace(b'"version": "1.2.3"', b'"version": "1.2.2"'))
    for read in (isoship.load, Bundle.open, read_manifest):
        with pytest.raises(DamagedFile, match=r"manifest\.json was changed after the export"):
            read(bundle)


def test_changed_golden_rows_prove_nothing(bundle: Path) -> None:
    model = load(bundle)
    text = (bundle / "golden.json").read_text()
    (bundle / "golden.json").write_text(text.replace("51000.5", "51000.25"))
    with pytest.raises(DamagedFile, match=r"golden\.json is damaged"):
        model.selftest()


def test_weights_beside_the_model_are_compared_too(bundle: Path) -> None:
    document = json.loads((bundle / "manifest.json").read_bytes())
    (bundle / "model.onnx.data").write_bytes(b"weights")
    document["files"]["model.onnx.data"] = sha256_of(b"weights")
    (bundle / "manifest.json").write_bytes(sealed(document))
    load(bundle)
    (bundle / "model.onnx.data").write_bytes(b"weighty")
    with pytest.raises(DamagedFile, match=r"model\.onnx\.data is damaged"):
        load(bundle)


@pytest.mark.parametrize("name", ["model.onnx", "manifest.json"])
@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["predict", "rows.jsonl"], ["selftest"]])
def test_on_a_device_damage_is_exit_code_3_and_one_line(name: str, command: list[str], bundle: Path) -> None:
    (bundle / "rows.jsonl").write_text(json.dumps(VISITS_ROWS[0]) + "\n")
    data = (bundle / name).read_bytes()
    (bundle / name).write_bytes(flipped(data, 8 * (len(data) // 2)))
    program = [sys.executable, "-m", "isoship_edge", *command, "--bundle", str(bundle)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60, cwd=bundle)
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    assert done.stderr.startswith("isoship: ")
    assert len(done.stderr.splitlines()) == 1
    assert str(bundle / name) in done.stderr
