"""A run of ONNX Runtime whose OrtValues stay: its inputs over memory that is filled anew, its outputs over memory of
the size that they had before.

A run of a small model takes tens of microseconds; making and releasing a tensor for each input and output takes as
long again.
"""

from __future__ import annotations

import math
from ctypes import addressof, c_char, c_int64, c_void_p

from isoship_edge.inference.ort_api import BYTES, ELEMENT, converted, texts_of
from isoship_edge.inference.tensor import Tensor

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence
    from typing import Any

    from isoship_edge.inference.c_api import CSession

#: A tensor as it is made in each call: `Tensor(...)` looks at its arguments first.
_new = tuple.__new__
#: Bytes of an output that is kept; a larger one is ONNX Runtime's own in each run.
LARGEST = 2**20


class KeptRun:
    """inputs, outputs: names. `values` are the inputs' OrtValues, whose maker fills them in. One run at a time."""

    def __init__(self, session: CSession, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        self._session, self._api, self._outputs = session, session.api, tuple(outputs)
        self.values, self._results = (c_void_p * len(inputs))(), (c_void_p * len(outputs))()
        self._names = texts_of([name.encode() for name in inputs]), texts_of([name.encode() for name in outputs])
        self._run = session.api.unconverted("Run")
        self._arguments = converted(
            session.open().value, None, addressof(self._names[0]), addressof(self.values), len(inputs),
            addressof(self._names[1]), len(outputs), addressof(self._results),
        )  # fmt: skip
        #: An output's shape and memory where they are fixed, else None.
        self.fixed: list[Tensor | None] = [None] * len(outputs)
        #: The same list where all of them are.
        self.all_fixed: list[Tensor] | None = None
        # An output that is an input itself is never written to: ONNX Runtime gives the input's OrtValue for it.
        self._fixable = set(outputs).isdisjoint(inputs)

    def __call__(self) -> list[Tensor]:
        """Every output. The next run writes into those that are `fixed`: the caller copies what it gives away.

        Raises:
            InferenceError: ONNX Runtime failed on the inputs.
        """
        if self._session.pointer is None:
            self._session.open()  # says that it is closed
        status = self._run(*self._arguments)
        if not status and self.all_fixed is not None:
            return self.all_fixed
        return self._unfixed(status)

    def _unfixed(self, status: int | None) -> list[Tensor]:
        api = self._api
        if status and any(self.fixed):
            # The run fails, or gives an output another shape than one before did: then none is fixed any more.
            api.ReleaseStatus(status)
            self.fixed, self.all_fixed = [None] * len(self.fixed), None
            self._release()
            status = self._run(*self._arguments)
            self._fixable = bool(status)
        try:
            if status:
                api.fail(status)
            made = [
                self._session.tensor(name, self._results[i]) if fixed is None else fixed
                for i, (name, fixed) in enumerate(zip(self._outputs, self.fixed, strict=True))
            ]
        finally:
            if None in self.fixed:
                self._release()
        if self._fixable:
            self._fixable = False
            self._fix(made)
        return made

    def copied(self) -> list[Tensor]:
        """Every output, the caller's to keep. Raises: InferenceError."""
        made = self()
        if made is self.all_fixed:
            return [_new(Tensor, (dtype, shape, data[:])) for dtype, shape, data in made]
        return [
            Tensor(tensor.dtype, tensor.shape, tensor.data[:]) if tensor is fixed else tensor
            for tensor, fixed in zip(made, self.fixed, strict=True)
        ]

    def _fix(self, made: list[Tensor]) -> None:
        """Gives outputs memory of the size that they had. Strings stay ONNX Runtime's, and so do empty outputs."""
        for i, tensor in enumerate(made):
            if tensor.dtype != "string" and 0 < len(tensor.data) * BYTES[tensor.dtype] <= LARGEST:
                memory = tensor.data[:]
                self._results[i] = self.over(tensor.dtype, tensor.shape, memory)
                self.fixed[i] = Tensor(tensor.dtype, tensor.shape, memory)
        held = [tensor for tensor in self.fixed if tensor is not None]
        self.all_fixed = held if len(held) == len(self.fixed) else None

    def over(self, dtype: str, shape: tuple[int, ...], memory: bytearray | array[Any], offset: int = 0) -> int | None:
        """An OrtValue over memory that has to stay, and is not looked after by it."""
        size = BYTES[dtype] * math.prod(shape)
        return self.at(dtype, shape, addressof((c_char * size).from_buffer(memory, offset)))

    def at(self, dtype: str, shape: tuple[int, ...], address: int) -> int | None:
        """The same by the memory's address."""
        api, size = self._api, BYTES[dtype] * math.prod(shape)
        dims = (c_int64 * len(shape))(*shape)
        create, element = "CreateTensorWithDataAsOrtValue", ELEMENT[dtype]
        return api.made(create, api.memory, address, size, dims, len(shape), element).value

    def empty(self, dtype: str, shape: tuple[int, ...]) -> int | None:
        """An OrtValue of ONNX Runtime's own: strings to be filled in, and tensors that hold nothing."""
        api, dims = self._api, (c_int64 * len(shape))(*shape)
        return api.made("CreateTensorAsOrtValue", api.allocator, dims, len(shape), ELEMENT[dtype]).value

    def let_go(self, place: int) -> None:
        """Releases an input's OrtValue."""
        pointer, self.values[place] = self.values[place], None
        if pointer:
            self._api.ReleaseValue(pointer)

    def _release(self) -> None:
        """What holds the outputs that are not fixed."""
        for i, fixed in enumerate(self.fixed):
            if fixed is None and self._results[i]:
                self._api.ReleaseValue(self._results[i])
                self._results[i] = None

    def __del__(self) -> None:
        for pointer in (*self.values, *self._results):
            if pointer:
                self._api.ReleaseValue(pointer)
