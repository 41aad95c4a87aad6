"""numpy's arrays in and out, in the time that the model itself takes: what can be kept between calls is kept."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

from isoship_edge.encoding.words import got
from isoship_edge.errors import InputError
from isoship_edge.inference.tensor import TYPECODES, Tensor
from isoship_edge.tensors.contract import check_names, check_shapes, check_values, finite_alone, refusal
from isoship_edge.tensors.json_inputs import tensor_from_json
from isoship_edge.tensors.signature import FLOATS, Input

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from isoship_edge.inference.kept_call import KeptCall
    from isoship_edge.tensors.model import TensorModel

    Array = np.ndarray[Any, Any]

#: What a float array is asked: nothing, whether all is finite, or each value.
_NOTHING, FINITE, _EACH = 0, 1, 2


class ArrayCalls:
    """`TensorModel.predict`. Threads may share it."""

    def __init__(self, model: TensorModel) -> None:
        import numpy as np

        self.np, self._model = np, model
        self._inputs = model.manifest.signature.inputs
        self.names = tuple(output.name for output in model.manifest.outputs)
        self.dtypes = [np.dtype(numpy_name(spec.dtype)) for spec in self._inputs]
        self._wanted = list(zip([spec.name for spec in self._inputs], self.dtypes, strict=True))
        self._calls, self._spare, self._ndarray = model.calls, model.calls.spare, np.ndarray
        self.asked = [_asked(spec) for spec in self._inputs]

    def __call__(self, inputs: Any) -> dict[str, Array]:
        """Raises: InputError, InferenceError."""
        if not isinstance(inputs, dict):
            inputs = self._named(inputs)
        held, sizes, ndarray = [], [], self._ndarray
        for name, dtype in self._wanted:
            given = inputs.get(name)
            if type(given) is not ndarray or given.dtype is not dtype:
                given = self._array(inputs, name, dtype)
            held.append(given)
            sizes.append(given.shape)
        if len(inputs) != len(held):
            check_names(inputs, self._inputs)
        shapes = tuple(sizes)
        free = self._spare.get(shapes)
        if free is None:
            check_shapes(shapes, self._inputs)
            free = self._calls.opened(shapes)
        call = self._calls.taken(free, shapes)
        if call is None:
            return self._by_tensors(held)
        views: _Views | None = call.views
        if views is None:
            views = call.views = _Views(self, call, shapes)
        made = views.answer(held)
        free.append(call)
        return made

    def lent(self, lent: Sequence[int], call: KeptCall, held: Sequence[Array]) -> list[Tensor]:
        """A run of a call that reads some of its inputs where they lie. lent: which."""
        addresses = []
        for place in lent:
            given = self.np.ascontiguousarray(held[place])
            addresses.append((given, given.__array_interface__["data"][0]))
            self.check(place, given)
        return self._model.in_turn(call.run, [address for _, address in addresses])

    def check(self, place: int, given: Array) -> None:
        """Raises: InputError, for a value that the input does not accept."""
        asked = self.asked[place]
        if asked == _NOTHING or (asked == FINITE and self.np.isfinite(given).all()):
            return
        if asked == FINITE or not self._fits(self._inputs[place], given):
            check_values(self._inputs[place], _tensor(self._inputs[place], given))

    def _fits(self, spec: Input, given: Array) -> bool:
        np = self.np
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
                self.check(place, given)
                flat = self.np.ascontiguousarray(given).reshape(-1)
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
        given = self.np.asarray(given)
        if dtype.name == "object" and given.dtype.kind in "OUT":
            return given
        if given.dtype != dtype:
            raise refusal(name, f"an array of {dtype.name}", f"one of {given.dtype.name}: convert it with .astype")
        return given


class _Views:
    """A kept call's memory as arrays, and the call by them. What of it is needed in each call is at hand."""

    def __init__(self, calls: ArrayCalls, call: KeptCall, shapes: Sequence[Any]) -> None:
        np = calls.np
        self._calls, self._call, self._isfinite, self._names = calls, call, np.isfinite, calls.names
        #: Inputs that are filled, with what says whether all of each is finite; and those asked otherwise.
        self._finite: list[tuple[int, Array, Array, bytearray]] = []
        self._others: list[tuple[int, Array]] = []
        for place, (memory, dtype, shape) in enumerate(zip(call.memories, calls.dtypes, shapes, strict=True)):
            if memory is None:
                continue
            view = np.frombuffer(memory, dtype).reshape(shape)
            if calls.asked[place] == FINITE:
                flags = bytearray(math.prod(shape))
                self._finite.append((place, view, np.frombuffer(flags, "bool").reshape(shape), flags))
            else:
                self._others.append((place, view))
        self._lent = [place for place, memory in enumerate(call.memories) if memory is None]
        #: The outputs as they are kept, and what copies each.
        self._seen: list[Tensor] | None = None
        self._copies: list[tuple[str, Callable[[], Array]]] = []

    def answer(self, held: Sequence[Array]) -> dict[str, Array]:
        """Arrays of the caller's own. Raises: InputError, InferenceError."""
        for place, view, finite, flags in self._finite:
            view[...] = held[place]
            self._isfinite(view, finite)
            if 0 in flags:
                self._calls.check(place, view)
        for place, view in self._others:
            view[...] = held[place]
            self._calls.check(place, view)
        kept = self._call.kept
        made = self._calls.lent(self._lent, self._call, held) if self._lent else kept()
        if made is self._seen:
            return {name: copy() for name, copy in self._copies}
        if made is kept.all_fixed:
            self._seen = made
            self._copies = [(name, array_of(one).copy) for name, one in zip(self._names, made, strict=True)]
        return {
            name: array_of(tensor).copy() if tensor is fixed else array_of(tensor)
            for name, tensor, fixed in zip(self._names, made, kept.fixed, strict=True)
        }


def _asked(spec: Input) -> int:
    if finite_alone(spec):
        return FINITE
    bounded = spec.minimum is not None or spec.maximum is not None
    return _NOTHING if not bounded and (spec.dtype not in FLOATS or (spec.nan and spec.infinity)) else _EACH


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
