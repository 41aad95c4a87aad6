"""A bundle whose signature is tensors, loaded: named tensors in, named tensors out."""

from __future__ import annotations

import os

from isoship_edge.errors import BundleError
from isoship_edge.inference.model_files import check_model
from isoship_edge.inference.tensor import Tensor
from isoship_edge.inference.turns import Turns
from isoship_edge.tensors.calls import Calls
from isoship_edge.tensors.contract import check, check_names, check_shapes, check_values, finite_alone, surely_finite

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any, Literal, TypeVar

    import numpy as np

    from isoship_edge.inference.kept_call import KeptCall
    from isoship_edge.inference.selftest import Selftest
    from isoship_edge.inference.session import Session
    from isoship_edge.manifest import Manifest
    from isoship_edge.tensors.arrays import ArrayCalls

    Made = TypeVar("Made")


class TensorModel:
    """A bundle's model on this machine. Safe to use from several threads."""

    takes: Literal["tensors"] = "tensors"

    def __init__(self, folder: str | Path, document: dict[str, Any], manifest: Manifest, session: Session) -> None:
        self._folder = os.fspath(folder)
        self.document = document
        self.manifest = manifest
        self.session = session
        self._inputs = manifest.signature.inputs
        absent = [spec.name for spec in self._inputs if spec.name not in session.inputs]
        if absent:
            raise BundleError(f"model.onnx in {self._folder} lacks the manifest's inputs {', '.join(absent)}")
        self._names = tuple(output.name for output in manifest.outputs)
        self.calls = Calls(session, self._inputs, self._names)
        self._wanted = [(spec.name, spec.dtype) for spec in self._inputs]
        #: The dtype of floats that have to be finite and no more; None for what is asked otherwise.
        self._finite = [spec.dtype if finite_alone(spec) else None for spec in self._inputs]
        self._turns = Turns()
        self._arrays: ArrayCalls | None = None

    @property
    def folder(self) -> Path:
        """Where the bundle lies."""
        from pathlib import Path

        return Path(self._folder)

    def predict(self, inputs: Any) -> dict[str, np.ndarray[Any, Any]]:
        """Output name -> array of the manifest's dtype; strings are objects.

        inputs: input name -> array, or the array alone where there is one input. An array has the signature's dtype,
        and is not converted; what is no array is read as JSON is: nested lists, {"png": base64} for pictures.

        Raises:
            InputError: inputs that the input contract refuses.
            InferenceError: ONNX Runtime failed on inputs that it accepts.
        """
        arrays = self._arrays
        if arrays is None:
            from isoship_edge.tensors.arrays import ArrayCalls

            arrays = self._arrays = ArrayCalls(self)
        return arrays(inputs)

    def infer(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Every output of the manifest.

        Raises:
            InputError: inputs that the input contract refuses.
            InferenceError: ONNX Runtime failed on inputs that it accepts.
        """
        held, sizes = [], []
        for name, dtype in self._wanted:
            tensor = tensors.get(name)
            if tensor is None or tensor[0] != dtype:
                check(tensors, self._inputs)  # says which input is at fault, and how
                tensor = tensors[name]
            _, shape, data = tensor
            held.append(data)
            sizes.append(shape)
        if len(tensors) != len(held):
            check_names(tensors, self._inputs)
        shapes = tuple(sizes)
        free = self.calls.spare.get(shapes)
        if free is None:
            check_shapes(shapes, self._inputs)
            free = self.calls.opened(shapes)
        call = self.calls.taken(free, shapes)
        if call is None:
            for spec in self._inputs:
                check_values(spec, tensors[spec.name])
            return self.run(tensors)
        for place, memory, values in call.filled:
            values[:] = held[place]
            finite = self._finite[place]
            if finite is None or not surely_finite(finite, memory):
                spec = self._inputs[place]
                check_values(spec, tensors[spec.name])
        made = self._lending(call, tensors) if call.lent else call.kept.copied()
        free.append(call)
        return dict(zip(self._names, made, strict=True))

    def _lending(self, call: KeptCall, tensors: Mapping[str, Tensor]) -> list[Tensor]:
        """A run of a call that reads some of its inputs where they lie."""
        lent = []
        for place, _, _ in call.lent:
            spec = self._inputs[place]
            check_values(spec, tensors[spec.name])
            lent.append(tensors[spec.name].data)
        return self.in_turn(call.copied, lent)

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The same for inputs that were checked, with nothing kept."""
        named = {spec.name: tensors[spec.name] for spec in self._inputs}
        return self.in_turn(self.session.run, named, self._names)

    def in_turn(self, run: Callable[..., Made], *arguments: Any) -> Made:
        """What a call that holds much memory runs by: a few at a time, whatever the number of threads."""
        turn = self._turns.take()
        try:
            return run(*arguments)
        finally:
            turn.release()

    def check_files(self) -> None:
        """Compares the digests of the model's files once more.

        Raises:
            DamagedFile: one is another than the manifest speaks of.
        """
        check_model(self._folder, self.document, self.manifest)

    def selftest(self) -> Selftest:
        """Replays the golden calls.

        Raises:
            BundleError: the bundle holds none.
        """
        from isoship_edge.tensors.selftest import selftest

        return selftest(self)

    def close(self) -> None:
        """Releases the session. No run may be under way."""
        self.calls.close()
        self.session.close()
