"""A graph in onnxruntime as it was written: optimization off, one thread."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import ConversionError, InputError
from isoship.onnx.sessions import Level, session_of

if TYPE_CHECKING:
    import onnx

Array = np.ndarray[Any, Any]


class Runs:
    """A loaded graph. Calling it gives output name -> array.

    level: "off"; "default", which is what whoever loads the file without options gets; or "shipped", which is that
    without the optimization that is wrong.

    Raises:
        ConversionError: onnxruntime does not load it; the message is its own.
    """

    def __init__(self, model: onnx.ModelProto | bytes, level: Level = "off") -> None:
        try:
            self._session = session_of(model, level)
        except Exception as err:  # onnxruntime's errors share no base class
            raise ConversionError(f"onnxruntime does not load the graph: {first_words(err)}") from err
        self.outputs = [each.name for each in self._session.get_outputs()]

    def __call__(self, feeds: Mapping[str, Array], wanted: list[str] | None = None) -> dict[str, Any]:
        """Raises:
        InputError: onnxruntime refuses this call; the message is its own.
        """
        names = wanted or self.outputs
        try:
            return dict(zip(names, self._session.run(names, dict(feeds)), strict=True))
        except Exception as err:  # onnxruntime's errors share no base class
            raise InputError(f"onnxruntime refuses this call: {first_words(err)}") from err


@functools.cache
def newest_taken() -> tuple[int, int]:
    """The IR version and the opset that the onnxruntime which is here takes, at most."""
    import onnx

    def loads(opset: int, ir: int) -> bool:
        info = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(
            [onnx.helper.make_node("Identity", ["x"], ["y"])], "g",
            [info("x", onnx.TensorProto.FLOAT, [1])], [info("y", onnx.TensorProto.FLOAT, [1])],
        )  # fmt: skip
        imports = [onnx.helper.make_opsetid("", opset)]
        try:
            Runs(onnx.helper.make_model(graph, opset_imports=imports, ir_version=ir))
        except ConversionError:
            return False
        return True

    newest = onnx.defs.onnx_opset_version()
    return (
        next(ir for ir in range(int(onnx.IR_VERSION), 0, -1) if loads(13, ir)),
        next(opset for opset in range(newest, 0, -1) if loads(opset, 8)),
    )


def first_words(err: BaseException) -> str:
    """The first line of what onnxruntime says, without the places in its own sources."""
    text = " ".join(str(err).split())
    return text[:400] + ("..." if len(text) > 400 else "")
