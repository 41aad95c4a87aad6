"""docs/networks.md's ten lines, run as they stand: what they write answers a PNG as the model does."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "documents"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "digits"))

from ask import by_the_edge_server, by_the_lambda_handler, png
from pages import ROOT, read_page

#: Where the block ends: what the reader has in hand then, kept for the test.
_KEPT = "import json; json.dump(model(x[:20]).tolist(), open('logits.json', 'w')); np.save('pixels.npy', pixels[:20])\n"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the block ran."""
    folder = tmp_path_factory.mktemp("ten")
    page = read_page("docs/networks.md", (ROOT / "docs" / "networks.md").read_text("utf-8"))
    (block,) = [one for one in page.blocks if "isoship.export(model.eval()" in one.text]
    assert len(block.text.split("\n")) - block.text.count("\n\n") - 1 == 10, "the heading counts them"
    (folder / "ten.py").write_text(block.text + _KEPT, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "ten.py"], cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    return folder


@pytest.mark.parametrize("ask", [by_the_edge_server, by_the_lambda_handler])
def test_a_png_is_answered_as_the_model_does(ask: Any, written: Path) -> None:
    bundle, pixels = written / "bundle", np.load(written / "pixels.npy")
    (given,) = json.loads((bundle / "manifest.json").read_text("utf-8"))["signature"]["inputs"]
    pictures = [{"png": base64.b64encode(png(picture)).decode()} for picture in pixels]
    answers = ask(bundle, [json.dumps({"inputs": {given["name"]: pictures}})])
    ((_, logits),) = answers[0]["outputs"].items()
    expected = np.array(json.loads((written / "logits.json").read_text("utf-8")))
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4, err_msg="float32 sums in another order")
    assert (np.argmax(logits, 1) == expected.argmax(1)).all()


def test_the_page_names_the_input_as_the_bundle_does(written: Path) -> None:
    (given,) = json.loads((written / "bundle" / "manifest.json").read_text("utf-8"))["signature"]["inputs"]
    assert f'{{\\"{given["name"]}\\": {{\\"png\\"' in (ROOT / "docs" / "networks.md").read_text("utf-8")
