"""numpy's arrays in and out, in the time that the model itself takes: what can be kept between calls is kept."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

from isoship_edge.encoding.words import got
from isoship_edge.errors import InputError
from isoship_edge.inference.tensor import TYPECODES, Tensor
from isoship_edge.tensors.contract import check_names, check_shapes, check_values, refusal
from isoship_edge.tensors.json_inputs import tensor_from_json
from isoship_edge.tensors.signature import FLOATS, Input

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from isoship_edge.inference.kept_call import KeptCall
    from isoship_edge.tensors.model import TensorModel

    Array = np.ndarray[Any, Any]

#: What a float array is asked: nothing, whether all is finite, or each value.
_NOTHING, _FINITE, _EACH = 0, 1, 2


class ArrayCalls:
    """`TensorModel.predict`. Threads may share it."""

    def __init__(self, model: TensorModel) -> None:
        import numpy as np

        self._np, self._model = np, model
        self._inputs = model.manifest.signature.inputs
        self._names = tuple(output.name for output in model.manifest.outputs)
        self._wanted = [(spec.name, np.dtype(numpy_name(spec.dtype))) for spec in self._inputs]
        self._asked = [_asked(spec) for spec in self._inputs]

    def __call__(self, inputs: Any) -> dict[str, Array]:
        """Raises: InputError, InferenceError."""
        if not isinstance(inputs, dict):
            inputs = self._named(inputs)
        held = []
        for name, dtype in self._wanted:
            given = inputs.get(name)
            if type(given) is not self._np.ndarray or given.dtype is not dtype:
                given = self._array(inputs, name, dtype)
            held.append(given)
        if len(inputs) != len(held):
            check_names(inputs, self._inputs)
        shapes = tuple([given.shape for given in held])
        model = self._model
        call = model.calls.spare(shapes)
        if call is None:
            check_shapes(shapes, self._inputs)
            call = model.calls.made(shapes)
            if call is None:
                return self._by_tensors(held)
            call.views = _Views(self._np, call, self._wanted, shapes)
        elif call.views is None:  # made for a call of tensors
            call.views = _Views(self._np, call, self._wanted, shapes)
        made = self._run(call, held)
        model.calls.give_back(shapes, call)
        return made

    def _run(self, call: KeptCall, held: list[Array]) -> dict[str, Array]:
        views: _Views = call.views
        lent = []
        for place, view in enumerate(views.inputs):
            if view is None:
                given = held[place] = self._np.ascontiguousarray(held[place])
                lent.append(given.__array_interface__["data"][0])
                self._check(place, given, None)
            else:
                view[...] = held[place]
                self._check(place, view, views.masks[place])
        made = self._model.in_turn(call.run, lent) if lent else call.run(lent)
        return views.outputs(self._names, made)

    def _check(self, place: int, given: Array, mask: tuple[Array, bytearray] | None) -> None:
        asked = self._asked[place]
        if asked == _NOTHING:
            return
        if asked == _FINITE:
            if mask is not None:
                self._np.isfinite(given, out=mask[0])
                if 0 not in mask[1]:
                    return
            elif self._np.isfinite(given).all():
                return
        elif self._fits(self._inputs[place], given):
            return
        check_values(self._inputs[place], _tensor(self._inputs[place], given))

    def _fits(self, spec: Input, given: Array) -> bool:
        np = self._np
        if spec.dtype in FLOATS:
            finite = np.isfinite(given)
            if not finite.all():
                if not (spec.nan and spec.infinity) and (np.isinf(given) if spec.nan else np.isnan(given)).any():
                    return False
                if not (spec.nan or spec.infinity):
                    return False
                given = given[finite]
        low = -math.inf if spec.minimum is None else spec.minimum
        high = math.inf if spec.maximum is None else spec.maximum
        return given.size == 0 or bool(given.min() >= low and given.max() <= high)

    def _by_tensors(self, held: Sequence[Array]) -> dict[str, Array]:
        """Where nothing is kept: through the binding, or strings among the inputs."""
        tensors = {}
        for place, (spec, given) in enumerate(zip(self._inputs, held, strict=True)):
            if spec.dtype == "string":
                tensors[spec.name] = _tensor(spec, given)
                check_values(spec, tensors[spec.name])
            else:
                self._check(place, given, None)
                flat = self._np.ascontiguousarray(given).reshape(-1)
                tensors[spec.name] = Tensor(spec.dtype, given.shape, flat if flat.flags.writeable else flat.copy())
        return {name: array_of(tensor) for name, tensor in self._model.run(tensors).items()}

    def _named(self, inputs: Any) -> Mapping[str, Any]:
        if hasattr(inputs, "keys"):
            return dict(inputs)
        if len(self._inputs) != 1:
            names = ", ".join(repr(spec.name) for spec in self._inputs)
            raise InputError(f"expected a dict of arrays by input ({names}), got {type(inputs).__name__}")
        return {self._inputs[0].name: inputs}

    def _array(self, inputs: Mapping[str, Any], name: str, dtype: Any) -> Array:
        """An input that is no array of the right dtype: nested lists, pictures, or what numpy makes an array of."""
        check_names(inputs, self._inputs)
        given = inputs[name]
        if isinstance(given, (list, tuple, dict, str, int, float)) and not hasattr(given, "dtype"):
            spec = next(spec for spec in self._inputs if spec.name == name)
            tensor = tensor_from_json(spec, _as_lists(given), _NO_LIMIT)
            return array_of(tensor)
        if not hasattr(given, "__array__"):
            raise refusal(name, f"an array of {dtype.name}", got(given))
        given = self._np.asarray(given)
        if dtype.name == "object" and given.dtype.kind in "OUT":
            return given
        if given.dtype != dtype:
            raise refusal(name, f"an array of {dtype.name}", f"one of {given.dtype.name}: convert it with .astype")
        return given


class _Views:
    """A kept call's memory as arrays."""

    def __init__(self, np: Any, call: KeptCall, wanted: Sequence[tuple[str, Any]], shapes: Sequence[Any]) -> None:
        self.inputs: list[Array | None] = []
        self.masks: list[tuple[Array, bytearray] | None] = []
        for memory, (_, dtype), shape in zip(call.memories, wanted, shapes, strict=True):
            view, mask = None, None
            if memory is not None:
                view = np.frombuffer(memory, dtype).reshape(shape)
                flags = bytearray(view.size)
                mask = np.frombuffer(flags, "bool").reshape(shape), flags
            self.inputs.append(view)
            self.masks.append(mask)
        self._call = call
        self._outputs: list[tuple[Tensor, Array] | None] = [None] * len(call.kept.fixed)

    def outputs(self, names: Sequence[str], made: Sequence[Tensor]) -> dict[str, Array]:
        """Arrays of the caller's own."""
        arrays = {}
        for place, name in enumerate(names):
            tensor, seen = made[place], self._outputs[place]
            if seen is not None and seen[0] is tensor:
                arrays[name] = seen[1].copy()
                continue
            arrays[name] = array_of(tensor)
            if tensor is self._call.kept.fixed[place]:
                self._outputs[place] = tensor, arrays[name]
                arrays[name] = arrays[name].copy()
        return arrays


def _asked(spec: Input) -> int:
    if spec.minimum is not None or spec.maximum is not None:
        return _EACH
    if spec.dtype not in FLOATS or (spec.nan and spec.infinity):
        return _NOTHING
    return _EACH if spec.nan or spec.infinity else _FINITE


def numpy_name(dtype: str) -> str:
    """What numpy calls a dtype."""
    return {"double": "float64", "float": "float32", "string": "object"}.get(dtype, dtype)


def array_of(tensor: Tensor) -> Array:
    """The tensor as an array over its memory; strings as objects."""
    import numpy as np

    if tensor.dtype == "string":
        made = np.empty(len(tensor.data), dtype=object)
        made[:] = tensor.data
        return made.reshape(tensor.shape)
    return np.frombuffer(tensor.data, numpy_name(tensor.dtype)).reshape(tensor.shape)


def _tensor(spec: Input, given: Array) -> Tensor:
    if spec.dtype == "string":
        texts = given.reshape(-1).tolist()
        for place, text in enumerate(texts):
            if not isinstance(text, str):
                raise refusal(spec.name, "strings", f"{got(text)} (element {place})")
        return Tensor("string", given.shape, [str(text) for text in texts])
    data: Any = bytearray(given.tobytes()) if spec.dtype == "bool" else array(TYPECODES[spec.dtype], given.tobytes())
    return Tensor(spec.dtype, given.shape, data)


#: Pictures of a caller in this process are as large as the caller likes.
_NO_LIMIT = 2**62


def _as_lists(given: Any) -> Any:
    return [_as_lists(one) for one in given] if isinstance(given, (list, tuple)) else given
