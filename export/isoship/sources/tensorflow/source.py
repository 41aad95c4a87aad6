"""A SavedModel as a source of tensors: its serving signature's own answers are the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import InputError, UnsupportedModelError
from isoship.sources.tensorflow.graph import graph_of
from isoship.sources.tensorflow.held import answered_call, hold
from isoship.sources.tensorflow.library import REFUSALS, array_of, first_line, quiet, tensorflow_for
from isoship.sources.tensorflow.saved_model import load, operators_of
from isoship.tensors.contract import Arrays
from isoship.tensors.samples import read_samples
from isoship_edge.manifest import Output, Signature
from isoship_edge.tensors.signature import Input

if TYPE_CHECKING:
    import onnx

Array = np.ndarray[Any, Any]
_DTYPES = {"float32": "float", "float64": "double", "half": "float16"}
#: Operators that change what the next call is answered.
_STATE = ("Assign", "ResourceScatter", "RandomUniform", "RandomStandardNormal", "TruncatedNormal", "StatefulRandom")


class SavedModelSource:
    """`isoship.tensors.contract.TensorSource` of a folder.

    Raises:
        ModelFileError: no SavedModel of TensorFlow 2. UnsupportedModelError: it is not carried exactly.
        SampleError: the sample does not fit.
    """

    library = "tensorflow"

    def __init__(self, path: Path, *, sample: Any = None) -> None:
        tf = tensorflow_for(f"reading {path.name}")
        self.library_version = str(tf.__version__)
        self.estimator = "SavedModel"
        notes: list[str] = []
        self._kept, self._function = load(path, notes)
        specs = dict(self._function.structured_input_signature[1])
        #: The function's own order is that of its tensors, named after its arguments.
        self._names = [t.name.partition(":")[0] for t in self._function.inputs[: len(specs)]]
        self._specs = {name: specs[name] for name in self._names} if set(self._names) == set(specs) else specs
        self._names = list(self._specs)
        outputs = list(self._function.structured_outputs)
        clash = sorted({*self._names} & {*outputs})
        if clash:
            raise UnsupportedModelError(
                f"output {clash[0]!r}",
                "an input has the same name, and a graph has one name space",
                "Rename one of them",
            )
        raw = read_samples(sample, self._names) if sample is not None else []
        first = raw[0] if raw else self._first()
        self._refuse_what_changes(first)
        self._graph = self._converted(outputs)
        self.places: Mapping[str, str] = {}
        self.outputs: tuple[Output, ...]
        inferred, self.outputs = hold(
            self._graph, self._names, self.answers, lambda node: f"node {node!r}", _scope, lambda: "the graph", raw
        )
        self.signature: Signature = inferred.signature
        self.samples: Sequence[Arrays] = inferred.samples
        self.sizes = inferred.sizes
        self.notes: tuple[str, ...] = (*notes, *inferred.notes)

    def answers(self, inputs: Arrays) -> dict[str, Array]:
        """What the signature answers.

        Raises:
            InputError: TensorFlow refuses the call; the message is its own.
        """
        import tensorflow as tf

        try:
            with quiet(), tf.device("/cpu:0"):
                given = {name: tf.constant(inputs[name], spec.dtype) for name, spec in self._specs.items()}
                made = self._function(**given)
        except (*REFUSALS, tf.errors.OpError) as err:
            raise InputError(f"the signature refuses this call: {type(err).__name__}: {first_line(err)}") from err
        return {name: array_of(tensor) for name, tensor in made.items()}

    def to_onnx(self) -> onnx.ModelProto:
        """The graph that tf2onnx wrote, which was held against the signature."""
        import onnx

        copy = onnx.ModelProto()
        copy.CopyFrom(self._graph)
        return copy

    def saved_model(self, folder: Path) -> tuple[dict[str, str], dict[str, str]]:
        """Writes the signature that ships as a SavedModel of its own; its names of the inputs and of the outputs."""
        import tensorflow as tf

        with quiet():
            tf.saved_model.save(self._kept, str(folder), signatures=self._function)
        return {name: name for name in self._names}, {name: name for name in self._function.structured_outputs}

    def close(self) -> None:
        """Nothing runs beside this process."""

    def _first(self) -> Arrays:
        try:
            return answered_call([self._input(name) for name in self._names], self.answers)
        except InputError as err:
            raise UnsupportedModelError(
                "the signature", f"{err}", "Give a call as it is made: --sample calls.npz"
            ) from err

    def _input(self, name: str) -> Input:
        spec = self._specs[name]
        if spec.shape.rank is None:
            raise UnsupportedModelError(
                f"input {name!r}", "its number of dimensions is left open", "Save it with a tf.TensorSpec of one shape"
            )
        sizes = tuple(
            ("batch" if axis == 0 else f"{name}_{axis}") if size is None else int(size)
            for axis, size in enumerate(spec.shape.as_list())
        )
        return Input(name, _DTYPES.get(spec.dtype.name, spec.dtype.name), sizes)

    def _converted(self, outputs: Sequence[str]) -> onnx.ModelProto:
        """The signature's graph in the order and under the names of the signature."""
        import tensorflow as tf

        specs = [
            tf.TensorSpec(self._specs[n].shape, self._specs[n].dtype, f"in_{i}") for i, n in enumerate(self._names)
        ]

        def flat(*tensors: Any) -> list[Any]:
            made = self._function(**dict(zip(self._names, tensors, strict=True)))
            return [tf.identity(made[name]) for name in outputs]

        with quiet():
            function = tf.function(flat, input_signature=specs, autograph=False).get_concrete_function()
        self._refuse_state(function)
        graph = graph_of(function, self._names, outputs)
        for value in graph.graph.input:
            if value.name in self._specs:
                shape = self._input(value.name).shape
                for dim, size in zip(value.type.tensor_type.shape.dim, shape, strict=False):
                    if isinstance(size, str):
                        dim.dim_param = size
        return graph

    def _refuse_state(self, function: Any) -> None:
        for name, operator in operators_of(function.graph.as_graph_def()):
            if operator.startswith(_STATE):
                raise UnsupportedModelError(
                    f"node {name!r} ({operator})",
                    "an answer depends on chance or on the calls before",
                    "Save the model with training=False, and the state as an input and an output",
                )

    def _refuse_what_changes(self, inputs: Arrays) -> None:
        once, twice = self.answers(inputs), self.answers(inputs)
        for name, array in once.items():
            if not np.array_equal(array, twice[name], equal_nan=array.dtype.kind == "f"):
                raise UnsupportedModelError(
                    f"output {name!r}",
                    "the model answers one call in two ways, so there is no answer to be held against",
                    "Save it with training=False",
                )


def _scope(node: str) -> str:
    """The scopes in which the model's own code made a node, without those of the calls around it."""
    scopes = node.split("/")[:-1]
    return "/".join(each for each in scopes if not each.startswith(("StatefulPartitionedCall", "PartitionedCall")))


def opened(path: Path, *, sample: Any = None) -> SavedModelSource:
    """Reads a SavedModel folder."""
    return SavedModelSource(Path(path), sample=sample)
