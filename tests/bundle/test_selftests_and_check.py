"""`check` and the self-tests of both runtimes: one rule, the same verdict."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
from sklearn.cluster import Birch

import isoship

_SELFTEST = """
const { load } = await import(process.argv[1]);
const model = await load();
console.log(JSON.stringify(await model.selftest()));
"""


def test_clusters_at_equal_distance_are_ties_in_every_runtime(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    x = np.concatenate([draw.normal(centre, 0.7, (60, 3)) for centre in (0, 2, 5)])
    bundle = tmp_path / "bundle"
    isoship.export(Birch(n_clusters=None).fit(x), sample=x, out=bundle, name="birch", targets=("web",))
    verdict = isoship.load(bundle).selftest()
    assert verdict.ok, verdict
    assert verdict.ties > 0, "the golden rows hold no tie any more: this proves nothing"
    assert verdict.worst == 0.0
    index = (bundle / "web" / "index.js").as_uri()
    node = ["node", "--input-type=module", "-e", _SELFTEST, index]
    done = subprocess.run(node, capture_output=True, text=True, timeout=60, check=True)
    web = json.loads(done.stdout)
    assert web["ok"], web
    assert (web["ties"], web["worst"]) == (verdict.ties, 0)
