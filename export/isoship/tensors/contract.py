"""What a source of tensors (a network, an ONNX file) promises to the rest of isoship.

Its canonical graph takes the signature's inputs under their names, dtypes and shapes and gives every output. A column
model's counterpart is `isoship.sources.contract`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from isoship_edge.manifest import Output, Signature

if TYPE_CHECKING:
    import onnx

    from isoship.tensors.sizes import Found

#: Input or output name -> array of the signature's dtype and shape. Strings are arrays of object.
Arrays = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True, eq=False)
class Ask:
    """One call of the model. kind: why it is asked, such as zeros, extremes, batch-2, sample.

    exact: the graph's answers in float64, where they were computed on the way; off: by how much, at most, an evaluation
    in float32 and one with weights nudged differ from them, by output.
    """

    kind: str
    inputs: Arrays
    exact: Arrays | None = None
    off: Mapping[str, float] = field(default_factory=dict)


class TensorSource(Protocol):
    """A trained model of tensors, read and understood."""

    library: str
    library_version: str
    estimator: str
    signature: Signature
    """layout "tensors"."""
    outputs: tuple[Output, ...]
    """kind "tensor"."""
    notes: tuple[str, ...]
    samples: Sequence[Arrays]
    """Calls of the user's own, none where there are none. They are never stored unless the user asks for it."""
    places: Mapping[str, str]
    """Node name in the canonical graph -> where it comes from in the source: a module path, a layer. May be empty."""

    def answers(self, inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        """The truth: the source model's own answer to one call, in evaluation mode.

        Raises:
            InputError: the source model refuses it; the message is its own.
        """
        ...

    def to_onnx(self) -> onnx.ModelProto:
        """The canonical graph, weights inside, without metadata of paths and source lines.

        Raises:
            UnsupportedModelError: it cannot be carried exactly; names the node.
        """
        ...

    def close(self) -> None:
        """Ends the process in which the source's library runs, where there is one."""
        ...


def sizes_known(source: TensorSource) -> Found | None:
    """Sizes of the dynamic dimensions that the source looked for when it was opened, None where it did not."""
    return getattr(source, "sizes", None)


def made_with(source: TensorSource) -> dict[str, str]:
    """What the manifest's provenance says beside the library: how a source that wraps another one changed it."""
    return dict(getattr(source, "made_with", {}))
