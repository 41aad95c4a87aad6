"""PNG in JavaScript: the pixels that `isoship_edge.tensors.png` finds, or its refusal, of every form and damage."""

from __future__ import annotations

import base64
import random
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from node_script import run_node

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "edge" / "tensors"))

from png_files import png
from test_png import DAMAGED, DEPTHS, GOOD, SIZES, drawn, palette_of, replaced
from web_bundles import asked

from isoship_edge.errors import InputError
from isoship_edge.tensors.json_inputs import tensors_from_json
from isoship_edge.tensors.model import TensorModel
from isoship_edge.tensors.png import PngError, header_of, pixels_of
from tensor_bundles import loaded

Job = tuple[bytes, str]


def by_python(data: bytes, color: str) -> dict[str, Any]:
    try:
        return {"pixels": base64.b64encode(pixels_of(data, header_of(data), color)).decode()}
    except PngError as err:
        return {"refused": str(err), "name": "PngError"}


def in_words(made: dict[str, Any]) -> dict[str, Any]:
    """Without what an unpacker says of itself."""
    return {name: re.sub(r"do not unpack \(.*\)", "do not unpack", value) for name, value in made.items()}


def assert_alike(bundle: Path, jobs: list[Job]) -> None:
    sent = [[base64.b64encode(data).decode(), color] for data, color in jobs]
    answers = run_node(Path(__file__).with_name("png.mjs"), str(bundle / "web"), stdin=sent)
    for (data, color), answer in zip(jobs, answers, strict=True):
        assert in_words(answer) == in_words(by_python(data, color))


@pytest.mark.parametrize("interlaced", [False, True], ids=["rows", "Adam7"])
def test_every_form_filter_size_and_colour(digits: Path, interlaced: bool) -> None:
    jobs: list[Job] = []
    for kind, depth in DEPTHS:
        palette = palette_of(depth) if kind == 3 else b""
        for seed, size in enumerate(SIZES):
            for filters in ((0,), (4, 3, 2, 1, 0)):
                data = png(
                    drawn(kind, depth, size, seed), kind, depth, filters=filters, interlaced=interlaced, palette=palette
                )
                jobs += [(data, color) for color in ("gray", "rgb", "rgba")]
    for key in ([3], [300], [1, 0, 1]):
        kind = 0 if len(key) == 1 else 2
        transparent = b"".join(value.to_bytes(2, "big") for value in key)
        jobs.append((png(drawn(kind, 8) % 4, kind, transparent=transparent), "rgba"))
    assert_alike(digits, jobs)


def test_damage_is_told_in_the_same_words(digits: Path) -> None:
    assert_alike(digits, [(data, "rgba") for data, _ in DAMAGED.values()])


def test_any_change_of_a_byte_is_answered_as_python_answers_it(digits: Path) -> None:
    chance = random.Random(6)
    jobs = []
    for _ in range(500):
        data = replaced(GOOD, chance.randrange(len(GOOD)), chance.randrange(256))
        jobs.append((data[: chance.randrange(len(data))] if chance.random() < 0.2 else data, "rgba"))
    assert_alike(digits, jobs)


def encoded(size: tuple[int, int] = (8, 8), kind: int = 0, seed: int = 0) -> dict[str, str]:
    return {"png": base64.b64encode(png(drawn(kind, 8, size, seed), kind)).decode()}


PICTURES = [
    encoded(),
    [encoded(), encoded(seed=1)],
    [],
    [encoded(), [[[0]]]],
    [encoded(), encoded((7, 8))],
    encoded(kind=2),
    {"png": "data:image/png;base64,AAAA"},
    {"png": "a b="},
    {"png": ""},
    {"png": 3},
    {"jpg": "AAAA"},
    {},
    [None, encoded()],
]


def of_python(model: TensorModel, value: Any) -> tuple[Any, InputError | None]:
    try:
        tensors = tensors_from_json({"image": value}, model.manifest.signature.inputs, 2**30)
        return np.asarray(model.infer(tensors)["logits"].data), None
    except InputError as err:
        return None, err


def test_pictures_are_taken_and_refused_as_over_http(digits: Path) -> None:
    model = loaded(digits)
    answers = asked(digits, predict=[{"image": value} for value in PICTURES])["predicted"]
    for value, answer in zip(PICTURES, answers, strict=True):
        want, refused = of_python(model, value)
        if refused is not None:
            said = answer["error"]
            assert (said["message"], said["input"], said["index"]) == (str(refused), refused.input, refused.index)
        else:
            np.testing.assert_allclose(np.ravel(answer["ok"]["logits"]), want, rtol=1e-5, atol=1e-5)
    model.close()
