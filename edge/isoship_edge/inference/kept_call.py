"""The tensors of a call whose shapes are fixed, kept for the next call of the same shapes."""

from __future__ import annotations

import math
from ctypes import addressof, c_char

from isoship_edge.inference.kept_run import KeptRun
from isoship_edge.inference.ort_api import BYTES
from isoship_edge.inference.tensor import TYPECODES, Tensor

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Sequence
    from typing import Any

    from isoship_edge.inference.c_api import CSession

#: Bytes of an input that are copied into memory of ours. Of a larger one ONNX Runtime reads the caller's: making an
#: OrtValue takes as long as copying some 30 kilobytes.
SMALL = 2**16


class KeptCall:
    """inputs: (name, dtype, shape) each. One run at a time.

    memories: of each input that is filled before a run; None for one that is lent. filled: (place, memory, its values)
    of the same. lent: (place, dtype, shape) of the others, whose addresses are given to a run. views: for whoever runs
    it, to keep what it makes of the memories.
    """

    def __init__(
        self, session: CSession, inputs: Sequence[tuple[str, str, tuple[int, ...]]], outputs: tuple[str, ...]
    ) -> None:
        self.kept = kept = KeptRun(session, [name for name, _, _ in inputs], outputs)
        self.memories: list[bytearray | None] = []
        self.filled: list[tuple[int, bytearray, Any]] = []
        self.lent: list[tuple[int, str, tuple[int, ...]]] = []
        self.views: Any = None
        for place, (_, dtype, shape) in enumerate(inputs):
            size = math.prod(shape) * BYTES[dtype]
            memory = bytearray(size) if size <= SMALL else None
            if memory is None:
                self.lent.append((place, dtype, shape))
            else:
                kept.values[place] = kept.over(dtype, shape, memory) if size else kept.empty(dtype, shape)
                typecode: Any = TYPECODES.get(dtype, "B")
                self.filled.append((place, memory, memoryview(memory).cast(typecode)))
            self.memories.append(memory)

    def run(self, addresses: Sequence[int]) -> list[Tensor]:
        """Every output, in memory that the next run may write to (`KeptRun`). addresses: of the lent inputs, whose
        memory stays until this returns.

        Raises:
            InferenceError: ONNX Runtime failed on the inputs.
        """
        return self._lending(addresses, self.kept)

    def copied(self, lent: Sequence[bytearray | array[Any]]) -> list[Tensor]:
        """Every output, the caller's to keep. Raises: InferenceError."""
        held = [(c_char * memoryview(data).nbytes).from_buffer(data) for data in lent]
        return self._lending(list(map(addressof, held)), self.kept.copied)

    def _lending(self, addresses: Sequence[int], run: Callable[[], list[Tensor]]) -> list[Tensor]:
        if not self.lent:
            return run()
        kept = self.kept
        try:
            for (place, dtype, shape), address in zip(self.lent, addresses, strict=True):
                kept.values[place] = kept.at(dtype, shape, address)
            return run()
        finally:
            for place, _, _ in self.lent:
                kept.let_go(place)
