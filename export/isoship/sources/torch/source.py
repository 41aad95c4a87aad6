"""A torch module or an exported program as a source of tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import ConversionError, InputError
from isoship.sources.onnx_file.metadata import places_of, strip_metadata
from isoship.sources.onnx_file.refused import refuse_unknown_operators
from isoship.sources.torch.answers import Answers
from isoship.sources.torch.calls import DTYPES, calls_of
from isoship.sources.torch.exported import graph_of, program_of
from isoship.sources.torch.held import refuse_unless_equal
from isoship.sources.torch.library import torch_for
from isoship.sources.torch.modules import copied, unwrapped
from isoship.sources.torch.outputs import names_of_outputs
from isoship.sources.torch.programs import calls_in, dims_in, name_in
from isoship.sources.torch.sizes import Asked, dims_of, name_sizes, shapes_of_outputs
from isoship.sources.torch.training import refuse_what_has_no_one_answer
from isoship.tensors.contract import Arrays
from isoship.tensors.longest import said_of, with_largest
from isoship.tensors.ranges import proven_ends, uses_of
from isoship.tensors.run import Runs
from isoship.tensors.sizes import sizes_of
from isoship_edge.manifest import TENSOR, Output, Signature
from isoship_edge.tensors.signature import FLOATS, Input

if TYPE_CHECKING:
    import onnx


class TorchSource:
    """`isoship.tensors.contract.TensorSource` of an nn.Module or an ExportedProgram.

    sample: what forward takes: a tensor, a tuple of them, a dict by forward's names; arrays, too; or a list of dicts,
    or a file of them. An exported program holds a call of its own.
    dynamic: input name -> {axis: name of the dimension}, the dimensions that may be of any size; None: the first
    of every input is the batch, where the model answers others. A program has what it was exported with.

    Raises:
        MissingExtraError, ModelFileError, SampleError: torch, a model or a call of it is missing.
        UnsupportedModelError: the model has no one answer, or torch's exporters do not carry it.
    """

    library = "torch"

    def __init__(self, model: Any, *, sample: Any = None, dynamic: Asked | None = None) -> None:
        torch = torch_for("exporting a torch model")
        self.library_version = str(torch.__version__)
        notes: list[str] = []
        model = unwrapped(model, notes)
        if isinstance(model, torch.export.ExportedProgram):
            if dynamic is not None:
                raise InputError("dynamic is for modules: an exported program has the dynamic_shapes it was made with")
            self.estimator, program = name_in(model), model
            refuse_what_has_no_one_answer(program)
            calls = calls_in(program, sample)
            self._answers = Answers(model.module(check_guards=False), calls[0], self.estimator)
            self._dims = dims_in(program, calls[0].names)
        else:
            self.estimator = type(model).__name__
            module = copied(model, notes)
            calls = calls_of(module, sample)
            self._answers = Answers(module, calls[0], self.estimator)
            self._dims = dims_of(calls[0].names, calls[0].tensors, dynamic, self._answers.refusal, notes)
            program = program_of(module, calls[0], self._dims)
            refuse_what_has_no_one_answer(program)
        self._answers.refuse_what_changes()
        self._call = calls[0]
        self.samples: Sequence[Arrays] = [call.arrays() for call in calls]
        self._outputs = names_of_outputs(self._answers.returned(self._call.tensors), self.estimator)
        names = [name for name, _tensor in self._outputs]
        self._graph, self._steps = graph_of(program, self._call.names, names, self.estimator)
        self.places: Mapping[str, str] = places_of(self._graph)
        strip_metadata(self._graph)
        self.signature = Signature("tensors", (), tuple(map(self._input, range(len(self._call.names)))))
        self.outputs: tuple[Output, ...] = self._described(program)
        name_sizes(self._graph, program, self._call.names, self._dims)
        base = sizes_of(self.signature.inputs, self.samples[0])
        self.signature = with_largest(self._graph, self.signature, base, self._both())
        self.notes: tuple[str, ...] = (
            *notes,
            *map(_said_of_ends, filter(_has_ends, self.signature.inputs)),
            *said_of(self.signature),
        )
        self._held = False

    def answers(self, inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        """What the module answers in evaluation mode, on the CPU, one thread.

        Raises:
            InputError: the module refuses the call; the message is its own.
        """
        made = self._answers(self._call.tensors_of(inputs))
        return dict(zip([output.name for output in self.outputs], made, strict=True))

    def to_onnx(self) -> onnx.ModelProto:
        """The graph that torch's exporter wrote, after it was held against the module.

        Raises:
            UnsupportedModelError: the graph holds what nothing runs, has other inputs, or answers otherwise.
        """
        import onnx

        if not self._held:
            refuse_unknown_operators(self._graph)
            refuse_unless_equal(self, self._graph, self._steps, self._call, self._dims, self._answers.refusal)
            self._held = True
        copy = onnx.ModelProto()
        copy.CopyFrom(self._graph)
        return copy

    def _both(self) -> Callable[[Arrays], dict[str, np.ndarray[Any, Any]]]:
        """What the graph answers to calls that the module answers, too. Nothing that no runtime loads is asked here."""
        try:
            run = Runs(self._graph)
        except ConversionError:
            return self.answers

        def both(call: Arrays) -> dict[str, np.ndarray[Any, Any]]:
            self.answers(call)
            return run(call)

        return both

    def close(self) -> None:
        """Nothing runs beside this process."""

    def _input(self, i: int) -> Input:
        name, tensor = self._call.names[i], self._call.tensors[i]
        dims = self._dims.get(name, {})
        shape = tuple(dims.get(axis, int(size)) for axis, size in enumerate(tensor.shape))
        made = Input(name, DTYPES[str(tensor.dtype)], shape)
        if made.dtype in (*FLOATS, "bool") or not tensor.numel():
            return made
        use = uses_of(self._graph, name)
        if use.size or not self._takes(i, 0):
            return made
        info = np.iinfo(made.dtype)
        ends = proven_ends(lambda n: self._takes(i, n), use.lookups, int(info.min), int(info.max))
        return made._replace(minimum=ends[0], maximum=ends[1])

    def _takes(self, i: int, number: int) -> bool:
        """Whether the model answers its sample with this integer throughout its i-th input."""
        tensors = list(self._call.tensors)
        tensors[i] = tensors[i].new_full(tensors[i].shape, number)
        return self._answers.refusal(tensors) is None

    def _described(self, program: Any) -> tuple[Output, ...]:
        shapes = shapes_of_outputs(program, self._call.names, self._dims)
        return tuple(
            Output(name, TENSOR, DTYPES[str(tensor.dtype)], shape)
            for (name, tensor), shape in zip(self._outputs, shapes, strict=True)
        )


def opened(
    model: Any, *, sample: Any = None, dynamic: Asked | None = None, say: Callable[[str], None] | None = None
) -> TorchSource:
    """Reads a module, an exported program, or the file of one. say: is told that a file's code runs, before it does."""
    if not isinstance(model, (str, Path)):
        return TorchSource(model, sample=sample, dynamic=dynamic)
    from isoship.sources.torch.files import read_file, runs_code

    note = runs_code(Path(model))
    if say is not None:
        say(note)
    source = TorchSource(read_file(Path(model)), sample=sample, dynamic=dynamic)
    source.notes = (note, *source.notes)
    return source


def _has_ends(one: Input) -> bool:
    return (one.minimum, one.maximum) != (None, None)


def _said_of_ends(one: Input) -> str:
    low, high = ("the dtype's end" if end is None else str(end) for end in (one.minimum, one.maximum))
    return f"{one.name}: the model takes integers from {low} to {high}"
