"""A Keras model as a source of tensors: Keras's own answers, on the CPU and not training, are the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import InputError, UnsupportedModelError
from isoship.sources.keras.calls import arrays_of, call_of
from isoship.sources.keras.function import answers_of, as_input, converted, write_saved_model
from isoship.sources.keras.layers import layer_at, path_of, wrong_layer
from isoship.sources.keras.library import keras_for
from isoship.sources.tensorflow.held import answered_call, hold
from isoship.sources.tensorflow.library import array_of
from isoship.tensors.contract import Arrays
from isoship_edge.manifest import Output, Signature

if TYPE_CHECKING:
    import onnx

Array = np.ndarray[Any, Any]


class KerasSource:
    """`isoship.tensors.contract.TensorSource` of a model.

    sample: calls: an array, a dict by input names, or a list of dicts; a model that is a class of the user's own needs
    one, since nothing else says what it takes.

    Raises:
        UnsupportedModelError: the model answers by chance or remembers, or a layer is not carried exactly.
        SampleError: the sample does not fit, or is needed.
    """

    library = "keras"

    def __init__(self, model: Any, *, sample: Any = None) -> None:
        keras = keras_for("exporting a Keras model")
        self.library_version = str(keras.__version__)
        self.estimator = type(model).__name__
        self._model = model
        self.notes: tuple[str, ...] = ()
        self.places: Mapping[str, str] = {}
        self._call = call_of(model, sample)
        raw = arrays_of(self._call, sample)
        first = self._first(raw)
        self._refuse_what_changes(first)
        self._graph, self._names = converted(model, self._call, list(self.answers(first)))
        self.outputs: tuple[Output, ...]
        inferred, self.outputs = hold(
            self._graph,
            self._call.names,
            self.answers,
            lambda node: layer_at(model, node),
            lambda node: path_of(model, node),
            lambda: wrong_layer(model) or self.estimator,
            raw,
        )
        self.signature: Signature = inferred.signature
        self.samples: Sequence[Arrays] = inferred.samples
        self.sizes, self.notes = inferred.sizes, tuple(inferred.notes)
        self.places = {node.name: layer_at(model, node.name) for node in self._graph.graph.node if "/" in node.name}

    def answers(self, inputs: Arrays) -> dict[str, Array]:
        """What the model answers, training=False.

        Raises:
            InputError: it refuses the call; the message is its own.
        """
        return answers_of(self._model, self._call, self.estimator)(inputs)

    def to_onnx(self) -> onnx.ModelProto:
        """The graph that tf2onnx wrote, which was held against the model."""
        import onnx

        copy = onnx.ModelProto()
        copy.CopyFrom(self._graph)
        return copy

    def saved_model(self, folder: Path) -> tuple[dict[str, str], dict[str, str]]:
        """Writes the model as TensorFlow saves it; its signature's names of the inputs and of the outputs."""
        return write_saved_model(self._model, self._call, self._names, folder)

    def close(self) -> None:
        """Nothing runs beside this process."""

    def _first(self, raw: Sequence[Arrays]) -> Arrays:
        """A call that the model answers."""
        inputs = [as_input(self._call, i) for i in range(len(self._call.names))]
        try:
            if not raw:
                return answered_call(inputs, self.answers)
            self.answers(raw[0])
        except InputError as err:
            raise UnsupportedModelError(self.estimator, f"{err}", "Give a call as it is made as the sample") from err
        return raw[0]

    def _refuse_what_changes(self, inputs: Arrays) -> None:
        """A model that answers one call in two ways, or keeps what it was asked."""
        before = [array_of(variable.value) for variable in self._model.variables]
        once, twice = self.answers(inputs), self.answers(inputs)
        for variable, was in zip(self._model.variables, before, strict=True):
            if not np.array_equal(array_of(variable.value), was, equal_nan=was.dtype.kind == "f"):
                raise UnsupportedModelError(
                    f"{variable.path}",
                    "the model changes it whenever it answers, so an answer depends on the calls before",
                    "Leave out stateful=True and training=True, or give the state as an input and an output",
                )
        for name, array in once.items():
            if not np.array_equal(array, twice[name], equal_nan=array.dtype.kind == "f"):
                raise UnsupportedModelError(
                    f"{self.estimator}, output {name!r}",
                    "it answers one call in two ways, so there is no answer to be held against",
                    "Leave random layers out of inference (training=True in a call)",
                )


def opened(model: Any, *, sample: Any = None) -> KerasSource:
    """Reads a `.keras` file, or takes a model."""
    if not isinstance(model, (str, Path)):
        return KerasSource(model, sample=sample)
    from isoship.sources.keras.files import read_file

    notes: list[str] = []
    source = KerasSource(read_file(Path(model), notes), sample=sample)
    source.notes = (*notes, *source.notes)
    return source
