"""examples/notebook.ipynb, run as Jupyter runs it: it exports, checks, predicts, and shows each."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import isoship

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook.ipynb"


def test_the_notebook_exports_checks_and_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells), "outputs are each reader's own"
    NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    nbformat.write(notebook, tmp_path / "run.ipynb")
    outputs = {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    assert not [each for found in outputs.values() for each in found if each.get("name") == "stderr"]
    bundle, report = (outputs[name][-1]["data"]["text/html"] for name in ("bundle", "report"))
    assert "agrees on" in bundle
    assert "proanthocyanins" in bundle
    assert "<b style" in report
    assert re.search(r"✓ Every runtime agrees with the reference on [\d,]+ rows", report)
    assert "class_0" in outputs["answers"][-1]["data"]["text/plain"]
    assert isoship.check(tmp_path / "wine", runtimes=("edge",)).ok
