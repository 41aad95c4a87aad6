"""The networks, and what became of each when it was first tried: agree, or a part of the refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Calls = dict[str, np.ndarray]


@dataclass(frozen=True)
class Packaged:
    """package: as pip pins it. member: of its wheel. sample: a call as the package makes it, where the model answers
    no other. refused: a part of the refusal's text, where it is one."""

    package: str
    member: str
    sample: Callable[[], Calls] | None = None
    refused: str | None = None


def _tone(length: int) -> np.ndarray:
    """A second of 220 Hz has 16,000 places."""
    return (0.5 * np.sin(2 * np.pi * 220 * np.arange(length) / 16_000)).astype("f4")[None]


def _pitch() -> Calls:
    return {"audio": _tone(16_000), "fmin": np.float32(46.875), "fmax": np.float32(2093.75)}


MODELS = {
    "magika": Packaged("magika==1.0.3", "magika/models/standard_v3_3/model.onnx"),
    "silero-vad": Packaged("silero-vad==6.2.3", "silero_vad/data/silero_vad.onnx"),
    "silero-vad, opset 15": Packaged("silero-vad==6.2.3", "silero_vad/data/silero_vad_16k_op15.onnx"),
    "silero-vad, without If": Packaged("silero-vad==6.2.3", "silero_vad/data/silero_vad_op18_ifless.onnx"),
    "silero-vad, float16": Packaged("silero-vad==6.2.3", "silero_vad/data/silero_vad_half.onnx"),
    "nudenet": Packaged("nudenet==3.4.2", "nudenet/320n.onnx"),
    "rapidocr, direction": Packaged(
        "rapidocr-onnxruntime==1.4.4", "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx"
    ),
    "rapidocr, recognition": Packaged(
        "rapidocr-onnxruntime==1.4.4", "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx"
    ),
    "rapidocr, detection": Packaged(
        "rapidocr-onnxruntime==1.4.4", "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx"
    ),
    "swift-f0": Packaged("swift-f0==0.3.0", "swift_f0/model.onnx", _pitch, refused="rounding alone moves it"),
}
