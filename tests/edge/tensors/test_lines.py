"""`edge/run predict` and `selftest` on a bundle of tensors: a call a line, answered in order."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isoship_edge.__main__ import main
from tensor_bundles import digits_reference, json_of, mixed_inputs, mixed_reference

IMAGES = np.random.default_rng(5).integers(0, 17, (3, 8, 8, 1), dtype="uint8")


def line(images: Any) -> str:
    return json.dumps({"inputs": {"image": images.tolist()}}) + "\n"


def test_each_line_is_a_call(digits_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls, out = tmp_path / "calls.jsonl", tmp_path / "answers.jsonl"
    calls.write_text(line(IMAGES) + "\n" + line(IMAGES[:1]), encoding="utf-8")
    assert main(["predict", str(calls), "--bundle", str(digits_bundle), "-o", str(out)]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "2 calls answered by digits 1.2.3\n")
    answers = [json.loads(text)["outputs"]["logits"] for text in out.read_text().splitlines()]
    for made, images in zip(answers, (IMAGES, IMAGES[:1]), strict=True):
        np.testing.assert_allclose(made, digits_reference({"image": images})["logits"], rtol=1e-5, atol=1e-4)


def test_every_dtype_in_utf_16_too(mixed_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = mixed_inputs(2)
    given["x_double"][:] = 0.25
    calls = tmp_path / "calls.ndjson"
    calls.write_text(json.dumps({"inputs": json_of(given)}, ensure_ascii=False), encoding="utf-16")
    assert main(["predict", str(calls), "--bundle", str(mixed_bundle)]) == 0
    outputs = json.loads(capsys.readouterr().out)["outputs"]
    for name, want in mixed_reference(given).items():
        assert outputs[name] == json_of({name: want})[name]


def test_standard_input_is_answered_as_it_arrives(digits_bundle: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "isoship_edge", "predict", "-", "--bundle", digits_bundle],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for images in (IMAGES[:1], IMAGES[1:]):
            process.stdin.write(line(images))
            process.stdin.flush()
            made = json.loads(process.stdout.readline())["outputs"]["logits"]
            assert len(made) == len(images)
        process.stdin.close()
        assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{\n", "line 2: the body is not JSON"),
        ('{"rows": []}\n', 'line 2: expected the key "inputs"'),
        ('{"inputs": {"image": 7}}\n', 'line 2: input "image": expected an array'),
    ],
)
def test_the_first_line_that_does_not_fit_is_named(
    text: str, said: str, digits_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls, out = tmp_path / "calls.jsonl", tmp_path / "answers.jsonl"
    calls.write_text(line(IMAGES) + text + line(IMAGES))
    assert main(["predict", str(calls), "--bundle", str(digits_bundle), "-o", str(out)]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("name", ["calls.npz", "calls.csv", "calls.json"])
def test_other_files_are_named(
    name: str, digits_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text("")
    assert main(["predict", str(tmp_path / name), "--bundle", str(digits_bundle)]) == 2
    assert "a device reads tensors from .jsonl and .ndjson" in capsys.readouterr().err
    good = tmp_path / "good.jsonl"
    good.write_text(line(IMAGES))
    assert main(["predict", str(good), "--bundle", str(digits_bundle), "-o", str(tmp_path / name)]) == 2


def test_selftest_speaks_of_calls(digits_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest", "--bundle", str(digits_bundle)]) == 0
    assert capsys.readouterr().out.startswith("ok: 7 golden calls agree, largest difference ")
    assert main(["selftest", "--json", "--bundle", str(digits_bundle)]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
