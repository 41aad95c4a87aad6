"""Which inputs are pictures, and what becomes of pixels on the way into one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from node_script import run_node

RNG = np.random.default_rng(4)


def made(bundle: Path, *jobs: dict[str, Any]) -> Any:
    return run_node(Path(__file__).with_name("pixels.mjs"), str(bundle / "web"), stdin=jobs)


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        ({"dtype": "uint8", "shape": ["N", 8, 6, 3], "image": {"color": "rgb"}}, [1, 8, 6, 3]),
        ({"dtype": "uint8", "shape": ["H", "W", 1], "image": {"color": "gray"}}, [64, 64, 1]),
        ({"dtype": "float", "shape": ["N", 1, 28, 20]}, [1, 1, 28, 20]),
        ({"dtype": "float", "shape": [1, 28, 20, 3]}, [1, 28, 20, 3]),
        ({"dtype": "float", "shape": [2, 1, 28, 28]}, None),
        ({"dtype": "float", "shape": ["N", 4, 28, 28]}, None),
        ({"dtype": "int64", "shape": ["N", 1, 28, 28]}, None),
        ({"dtype": "float", "shape": ["N", 28, 28]}, None),
    ],
)
def test_which_inputs_are_pictures(digits: Path, spec: dict[str, Any], shape: list[int] | None) -> None:
    (answer,) = made(digits, {"spec": spec})
    assert (answer["picture"] or {}).get("shape") == shape


def test_each_pixel_is_the_mean_of_those_that_it_covers_and_transparent_is_black(digits: Path) -> None:
    rgba = RNG.integers(0, 256, (8, 12, 4), dtype="uint8")
    spec = {"dtype": "float", "shape": ["N", 3, 4, 4]}
    job = {"spec": spec, "rgba": rgba.ravel().tolist(), "width": 12, "height": 8, "ends": [-1, 1]}
    (answer,) = made(digits, job)
    seen = rgba[..., :3] * (rgba[..., 3:] / 255)
    want = seen.reshape(4, 2, 4, 3, 3).mean(axis=(1, 3)) / 255 * 2 - 1
    assert (answer["tensor"]["shape"], answer["tensor"]["kind"]) == ([1, 3, 4, 4], "Float32Array")
    got = np.array(answer["tensor"]["data"]).reshape(3, 4, 4)
    np.testing.assert_allclose(got, want.transpose(2, 0, 1), atol=1e-6)


def test_a_smaller_picture_is_repeated_and_gray_is_luma(digits: Path) -> None:
    rgba = np.array([[[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [255, 255, 255, 255]]], "uint8")
    spec = {"dtype": "uint8", "shape": ["N", 2, 8, 1], "image": {"color": "gray"}}
    (answer,) = made(digits, {"spec": spec, "rgba": rgba.ravel().tolist(), "width": 4, "height": 1})
    row = [76, 76, 150, 150, 29, 29, 255, 255]
    assert answer["tensor"] == {"shape": [1, 2, 8, 1], "kind": "Uint8Array", "data": row * 2}
