"""One row's inputs and outputs as OrtValues over memory that stays: a call fills it, runs and reads it.

A run of ONNX Runtime on one row takes tens of microseconds; making and releasing a tensor for each column and output
takes as long again.
"""

from __future__ import annotations

import math
from array import array
from ctypes import addressof, c_char, c_char_p, c_int64, c_void_p
from struct import Struct

from isoship_edge.inference.ort_api import BYTES, ELEMENT, texts_of
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
        self._session, self._api, self._outputs = session, session.api, outputs
        self._values, self._results = (c_void_p * len(inputs))(), (c_void_p * len(outputs))()
        self._arguments = (
            None, texts_of([name.encode() for name, _, _ in inputs]), self._values, len(inputs),
            texts_of([name.encode() for name in outputs]), len(outputs), self._results,
        )  # fmt: skip
        packed = Struct("=" + "".join(_FORMATS.get(dtype, "") * width for _, dtype, width in inputs))
        self._memory, self._pack = bytearray(packed.size), packed.pack_into
        self._strings: list[tuple[int | None, Any]] = []
        #: An output's shape and memory where they are fixed, else None.
        self._fixed: list[Tensor | None] = [None] * len(outputs)
        self._fixable = True
        api, offset = self._api, 0
        for i, (_, dtype, width) in enumerate(inputs):
            shape = (c_int64 * 2)(1, width)
            if dtype == "string":
                self._values[i] = api.made("CreateTensorAsOrtValue", api.allocator, shape, 2, ELEMENT[dtype]).value
                self._strings.append((self._values[i], (c_char_p * width)()))
            else:
                self._values[i] = self._value(dtype, (1, width), self._memory, offset)
                offset += width * BYTES[dtype]

    def run(self, numbers: Sequence[Any], texts: Sequence[bytes]) -> dict[str, Tensor]:
        """Every output for a row: numbers and booleans in the order of the inputs, and strings.

        Raises:
            InferenceError: ONNX Runtime failed on the row.
        """
        api, session = self._api, self._session.open()
        self._pack(self._memory, 0, *numbers)
        for (value, held), text in zip(self._strings, texts, strict=True):
            held[0] = text
            status = api.FillStringTensor(value, held, 1)
            if status:
                api.fail(status)
        status = api.Run(session, *self._arguments)
        if status and any(self._fixed):
            # The row fails, or gives an output another shape than one before did: then none is fixed any more.
            api.ReleaseStatus(status)
            self._fixed = [None] * len(self._fixed)
            self._release()
            status = api.Run(session, *self._arguments)
            self._fixable = bool(status)
        try:
            if status:
                api.fail(status)
            made = {}
            for i, name in enumerate(self._outputs):
                fixed = self._fixed[i]
                if fixed is None:
                    made[name] = self._session.tensor(name, self._results[i])
                else:
                    dtype, shape, memory = fixed
                    made[name] = Tensor(dtype, shape, memory[:])
        finally:
            if None in self._fixed:
                self._release()
        if self._fixable:
            self._fixable = False
            self._fix(made)
        return made

    def _fix(self, made: dict[str, Tensor]) -> None:
        """Gives outputs memory of the size that they had. Strings stay ONNX Runtime's, and so do empty outputs."""
        for i, tensor in enumerate(made.values()):
            if tensor.dtype != "string" and tensor.data:
                memory = tensor.data[:]
                self._results[i] = self._value(tensor.dtype, tensor.shape, memory, 0)
                self._fixed[i] = Tensor(tensor.dtype, tensor.shape, memory)

    def _value(self, dtype: str, shape: tuple[int, ...], memory: bytearray | array[Any], offset: int) -> int | None:
        """An OrtValue over memory that has to stay, and is not looked after by it."""
        api, size = self._api, BYTES[dtype] * math.prod(shape)
        address = addressof((c_char * size).from_buffer(memory, offset))
        dims = (c_int64 * len(shape))(*shape)
        create, element = "CreateTensorWithDataAsOrtValue", ELEMENT[dtype]
        return api.made(create, api.memory, address, size, dims, len(shape), element).value

    def _release(self) -> None:
        """What holds the outputs that are not fixed."""
        for i, fixed in enumerate(self._fixed):
            if fixed is None and self._results[i]:
                self._api.ReleaseValue(self._results[i])
                self._results[i] = None

    def __del__(self) -> None:
        for pointer in (*self._values, *self._results):
            if pointer:
                self._api.ReleaseValue(pointer)
