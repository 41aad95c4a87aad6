"""`check` and the self-tests of both runtimes: one rule, the same verdict."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
from sklearn.cluster import Birch

import isoship
from isoship_edge.digests import sha256_of
from isoship_edge.manifest import read_manifest, sealed

_SELFTEST = """
const { load } = await import(process.argv[1]);
const model = await load();
console.log(JSON.stringify(await model.selftest()));
"""


def expect_another_label(bundle: Path, margin: float) -> None:
    """The first golden row is so far from its second cluster, and expects another one; every digest is renewed."""
    golden = json.loads((bundle / "golden.json").read_bytes())
    label = golden["expected"]["label"][0]
    golden["expected"]["label"][0] = {"$": "int64", "v": "1" if label["v"] == "0" else "0"}
    golden["margin"][0] = margin
    document = json.loads((bundle / "manifest.json").read_bytes())
    rows = json.dumps(golden).encode()
    document["files"]["golden.json"] = sha256_of(rows)
    for folder in (bundle, bundle / "web"):
        (folder / "golden.json").write_bytes(rows)
        (folder / "manifest.json").write_bytes(sealed(document))


def test_clusters_at_equal_distance_are_ties_in_every_runtime(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    x = np.concatenate([draw.normal(centre, 0.7, (60, 3)) for centre in (0, 2, 5)])
    bundle = tmp_path / "bundle"
    isoship.export(Birch(n_clusters=None).fit(x), sample=x, out=bundle, name="birch", targets=("web",))
    assert {"transformed", "probabilities", "scores"}.isdisjoint(o.kind for o in read_manifest(bundle).outputs)
    before = isoship.load(bundle).selftest()
    for margin, wrong in ((0.0, 0), (1e-3, 1)):
        expect_another_label(bundle, margin)
        verdict = isoship.load(bundle).selftest()
        assert (verdict.ok, verdict.ties, verdict.worst) == (not wrong, before.ties + 1 - wrong, 0.0), verdict
        index = (bundle / "web" / "index.js").as_uri()
        node = ["node", "--input-type=module", "-e", _SELFTEST, index]
        done = subprocess.run(node, capture_output=True, text=True, timeout=60, check=True)
        web = json.loads(done.stdout)
        assert (web["ok"], web["worst"]) == (not wrong, 0), web
        assert web["ties"] == verdict.ties
