"""The golden calls of a bundle of tensors: golden.json, and the numbers of its tensors in golden.bin beside it.

A tensor is {"dtype": "float", "shape": [1, 3], "at": [offset, bytes]}, its bytes as `raw` has them, or
{"dtype": "string", "shape": [2], "strings": ["a", "b"]}.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from isoship_edge.digests import check_file
from isoship_edge.encoding.documents import of_type, parsed
from isoship_edge.errors import BundleError, DamagedFile
from isoship_edge.inference.tensor import Tensor
from isoship_edge.lean_namedtuple import NamedTuple
from isoship_edge.tensors.raw import from_bytes
from isoship_edge.tensors.signature import DATATYPES, dims_from_json

if TYPE_CHECKING:
    from pathlib import Path

    from isoship_edge.manifest import Manifest

FORMAT = 2
JSON, BIN = "golden.json", "golden.bin"


class GoldenAsk(NamedTuple):
    """A call and the source model's own answer. kind: why it is asked."""

    kind: str
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]


class GoldenRefusal(NamedTuple):
    """A call that the source model does not answer. input: which is at fault, where one is."""

    why: str
    input: str | None
    inputs: dict[str, Tensor]


def read_golden(folder: Path, manifest: Manifest) -> tuple[list[GoldenAsk], list[GoldenRefusal]]:
    """The golden calls of the bundle in a folder.

    Raises:
        BundleError: there are none. DamagedFile: they are not those that were exported, or of another bundle.
    """
    path = folder / JSON
    for name in (JSON, BIN):
        if name in manifest.files:
            check_file(folder / name, manifest.files[name])
    try:
        document = of_type(dict, parsed(path.read_bytes()), JSON)
        if document["format"] != FORMAT:
            raise BundleError(f"{path} has format {document['format']!r}; tensors have golden calls of format {FORMAT}")
        data = memoryview((folder / BIN).read_bytes())
        if document["digest"] != manifest.digest:
            raise ValueError(f"it belongs to digest {document['digest']}, the bundle has {manifest.digest}")
        asks = [
            GoldenAsk(
                of_type(str, of_type(dict, ask, "an ask")["kind"], "kind"),
                _tensors(ask["inputs"], data),
                _tensors(ask["outputs"], data),
            )
            for ask in of_type(list, document["asks"], "asks")
        ]
        refused = [
            GoldenRefusal(
                of_type(str, of_type(dict, one, "a refusal")["why"], "why"),
                None if one.get("input") is None else of_type(str, one["input"], "input"),
                _tensors(one["inputs"], data),
            )
            for one in of_type(list, document.get("refused", []), "refused")
        ]
        known = {output.name for output in manifest.outputs}
        for ask in asks:
            if ask.outputs.keys() != known:
                raise ValueError(f"{ask.kind} has the outputs {sorted(ask.outputs)}")
    except OSError as err:
        raise BundleError(f"no golden calls at {err.filename}: {err.strerror}") from err
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise DamagedFile(f"{path} is damaged: {type(err).__name__}: {err}") from err
    return asks, refused


def _tensors(document: Any, data: memoryview) -> dict[str, Tensor]:
    return {name: _tensor(one, data, name) for name, one in of_type(dict, document, "tensors").items()}


def _tensor(document: Any, data: memoryview, name: str) -> Tensor:
    dtype = of_type(dict, document, name)["dtype"]
    shape = dims_from_json(document["shape"], f"shape of {name!r}")
    if dtype not in DATATYPES or not all(type(size) is int for size in shape):
        raise ValueError(f"{name!r} is {dtype!r} of {list(shape)}")
    sizes = tuple(size for size in shape if isinstance(size, int))
    if dtype == "string":
        held = [of_type(str, text, name) for text in of_type(list, document["strings"], "strings")]
        if len(held) != math.prod(sizes):
            raise ValueError(f"{name!r} has {len(held)} strings in {list(sizes)}")
        return Tensor(dtype, sizes, held)
    start, length = of_type(list, document["at"], f"at of {name!r}")
    if type(start) is not int or type(length) is not int or not 0 <= start <= start + length <= len(data):
        raise ValueError(f"{name!r} lies at {start!r}, {length!r} of {len(data)} bytes")
    return from_bytes(dtype, sizes, data[start : start + length])
