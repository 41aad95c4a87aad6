"""examples/digits/train_torch.py: every runtime agrees, and no picture is named otherwise."""

from __future__ import annotations

from pathlib import Path

from digits_example import follow


def test_the_example_flips_no_picture(tmp_path: Path) -> None:
    report = follow("train_torch.py", tmp_path)
    assert report.ok, report.table()
    assert {"onnxruntime", "edge", "http", "lambda", "lambda-fastapi"} <= {one.name for one in report.verdicts}
