"""What an exported program says of itself: its model's name, a call that it answers, dimensions of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isoship.errors import SampleError
from isoship.sources.torch.calls import Call, call_from
from isoship.sources.torch.sizes import BATCH, Dims, symbols_of
from isoship.tensors.samples import read_samples


def name_in(program: Any) -> str:
    """The class of the module that was exported."""
    for node in program.graph.nodes:
        for path, kind in (node.meta.get("nn_module_stack") or {}).values():
            if not path:
                return str(kind).rpartition(".")[2].rstrip("'>")
    return "ExportedProgram"


def calls_in(program: Any, sample: Any) -> list[Call]:
    """The user's calls, else the one that the program was exported with.

    Raises:
        SampleError: there is none, or the sample does not fit the inputs.
    """
    example = program.example_inputs
    if example is None:
        raise SampleError("the program holds no example of its inputs: save it again with torch.export.save")
    from torch.utils import _pytree

    args, kwargs = _pytree.tree_map(lambda leaf: leaf.detach() if hasattr(leaf, "detach") else leaf, example)
    call = call_from(args, kwargs, [("", leaf) for leaf in _pytree.tree_leaves((args, kwargs))])
    names = tuple(str(program.graph_signature.user_inputs[i]) for i in call.places)
    call = Call(call.leaves, call.spec, call.places, names)
    if sample is None:
        return [call]
    if isinstance(sample, tuple) and len(sample) == len(names):
        sample = dict(zip(names, sample, strict=True))
    return [call.with_arrays(each) for each in read_samples(sample, names)]


def dims_in(program: Any, names: Sequence[str]) -> Dims:
    """Dimensions of any size: that of a first axis is the batch, others are named by input and axis."""
    found: dict[str, str] = {}
    dims: Dims = {}
    for name, sizes in symbols_of(program, names).items():
        for axis, size in enumerate(sizes):
            if not isinstance(size, int):
                title = BATCH if axis == 0 and BATCH not in found.values() else f"{name}_{axis}"
                dims.setdefault(name, {})[axis] = found.setdefault(str(size), title)
    return dims
