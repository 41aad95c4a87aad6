"""Several bundles and a TF.js of the page's own, beside each other: none sees another's backend, kernels or tensors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_bundle
from in_chromium import in_chromium
from node_script import WEB, run_node

from tensor_bundles import digits_reference

STOCK = WEB / "node_modules" / "@tensorflow" / "tfjs" / "dist"
BATCH = tiny_bundle.rows(5, seed=3)
PICTURE = np.random.default_rng(2).integers(0, 256, (2, 8, 8, 1), dtype="uint8")
#: Two bundles asked in turn, with the page's own TF.js in between.
TURNS = """
const theirs = tf.tensor([[1, 2], [3, 4]]);
const first = await one.load({ engine: "tfjs", backend: "cpu" });
const second = await two.load({ backend: "wasm" });
const seen = () => second.predictTensors({ image: { data: pixels, shape: [2, 8, 8, 1] } });
const answers = await Promise.all([0, 1, 2].flatMap(() => [first.predict(rows), seen()]));
const squared = Array.from(await tf.matMul(theirs, theirs).data());
const said = {
  theirs: [tf.getBackend(), squared, tf.memory().numTensors],
  backends: [first.backend, second.backend],
  labels: [0, 2, 4].map((k) => answers[k].map((row) => row.label)),
  logits: [1, 3, 5].map((k) => Array.from(answers[k].logits.data)),
};
first.dispose();
said.after = Array.from((await seen()).logits.data);
"""


def assert_right(said: Any, backend: str) -> None:
    assert said["theirs"] == [backend, [7, 10, 15, 22], 2]
    assert said["backends"] == ["cpu", "wasm"]
    want = digits_reference({"image": PICTURE})["logits"].ravel()
    for logits in (*said["logits"], said["after"]):
        np.testing.assert_allclose(logits, want, rtol=1e-4, atol=1e-4)
    assert said["labels"] == [tiny_bundle.answers(BATCH)["label"]] * 3


def setup() -> str:
    return f"const rows = {json.dumps(BATCH)}, pixels = Uint8Array.from({json.dumps(PICTURE.ravel().tolist())});\n"


@pytest.mark.parametrize("backend", ["webgl", "cpu"])
def test_in_one_page(bundle: Path, digits: Path, backend: str) -> None:
    run = (
        setup()
        + f"""
const script = Object.assign(document.createElement("script"), {{ src: "/stock/tf.es2017.js" }});
await new Promise((resolve) => {{ script.onload = resolve; document.head.append(script); }});
await tf.setBackend({json.dumps(backend)});
const [one, two] = await Promise.all([import("/one/index.js"), import("/two/index.js")]);
"""
        + TURNS
        + "return said;"
    )
    [seen] = in_chromium({"one": bundle, "two": digits / "web", "stock": STOCK}, {"run": run})
    assert_right(seen["result"], backend)
    assert [line for line in seen["console"] if "already registered" in line or "Platform" in line] == []


def test_in_one_process_of_node(bundle: Path, digits: Path, tmp_path: Path) -> None:
    script = tmp_path / "both.mjs"
    script.write_text(
        "import { createRequire } from 'node:module';\n"
        f"const tf = createRequire({json.dumps(str(WEB / 'package.json'))})('@tensorflow/tfjs');\n"
        "tf.env().set('IS_NODE', false);\n"  # it would advertise tfjs-node
        f"const one = await import({json.dumps((bundle / 'index.js').as_uri())});\n"
        f"const two = await import({json.dumps((digits / 'web' / 'index.js').as_uri())});\n"
        + setup()
        + TURNS
        + "process.stdout.write(JSON.stringify(said));\n"
    )
    assert_right(run_node(script), "cpu")


def test_the_address_of_the_page_sets_no_flag_of_tfjs(bundle: Path) -> None:
    """`?tfjsflags=` is read by TF.js at its start; a link with one may not change how a bundle computes."""
    address = "/blank.html?tfjsflags=WEBGL_FORCE_F16_TEXTURES:true,WEBGL_RENDER_FLOAT32_ENABLED:false"
    run = "const { load } = await import('/one/index.js'); return (await load({ backend: 'webgl' })).backend;"
    [seen] = in_chromium({"one": bundle}, {"visit": address, "run": run})
    assert seen["result"] == "webgl"
