"""One row's inputs and outputs as OrtValues over memory that stays: a call fills it, runs and reads it."""

from __future__ import annotations

from ctypes import c_char_p
from struct import Struct

from isoship_edge.inference.kept_run import KeptRun
from isoship_edge.inference.ort_api import BYTES
from isoship_edge.inference.tensor import Tensor

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from isoship_edge.inference.c_api import CSession

_FORMATS = {"double": "d", "int64": "q", "bool": "?"}


class KeptRow:
    """inputs: (name, dtype, width), each a tensor [1, width]; those of one byte stand after those of eight (ONNX
    Runtime reads aligned memory), strings at the end. outputs: names. One run at a time.
    """

    def __init__(self, session: CSession, inputs: Sequence[tuple[str, str, int]], outputs: tuple[str, ...]) -> None:
        self._api, self._outputs = session.api, outputs
        self._run = run = KeptRun(session, [name for name, _, _ in inputs], outputs)
        packed = Struct("=" + "".join(_FORMATS.get(dtype, "") * width for _, dtype, width in inputs))
        self._memory, self._pack = bytearray(packed.size), packed.pack_into
        self._strings: list[tuple[int | None, Any]] = []
        offset = 0
        for i, (_, dtype, width) in enumerate(inputs):
            if dtype == "string":
                run.values[i] = run.empty(dtype, (1, width))
                self._strings.append((run.values[i], (c_char_p * width)()))
            else:
                run.values[i] = run.over(dtype, (1, width), self._memory, offset)
                offset += width * BYTES[dtype]

    def run(self, numbers: Sequence[Any], texts: Sequence[bytes]) -> dict[str, Tensor]:
        """Every output for a row: numbers and booleans in the order of the inputs, and strings.

        Raises:
            InferenceError: ONNX Runtime failed on the row.
        """
        api = self._api
        self._pack(self._memory, 0, *numbers)
        for (value, held), text in zip(self._strings, texts, strict=True):
            held[0] = text
            status = api.FillStringTensor(value, held, 1)
            if status:
                api.fail(status)
        return dict(zip(self._outputs, self._run.copied(), strict=True))
