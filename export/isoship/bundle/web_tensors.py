"""The browser target of a model of tensors: as `isoship.bundle.web`, with one TF.js graph for the whole model.

web/
  index.html  tensors/page.js  ...      the page
  index.js  worker.js  slim/  tfjs/     the runtime, as built from web/ (package data of isoship)
  model.json  group1-shard*.bin         the TF.js graph
  program.json                          which node of it stands for which input and output
  manifest.json  golden.json golden.bin the same bytes in every target
  package.json  index.d.ts  README.md  NOTICE
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.bundle.npm.package import WebPackage, write_package
from isoship.bundle.npm.types import ARRAYS
from isoship.bundle.web import PAGE_OF_TENSORS, README_OF_TENSORS, built_runtime
from isoship.errors import UnsupportedModelError
from isoship.tfjs.network import Network, Port, compile_network, write_network
from isoship_edge.manifest import Signature, read_manifest
from isoship_edge.tensors.signature import FLOATS, Input

if TYPE_CHECKING:
    import onnx

    from isoship_edge.manifest import Output

#: The format of web/program.json of a bundle of tensors; that of columns is 1.
FORMAT = 2
_INSTEAD = "Leave the browser out: --targets lambda,edge. onnxruntime-web runs the bundle's model.onnx"


@dataclass(frozen=True)
class WebNetwork:
    """A network compiled, and what program.json says of it. files: model.json and shards that another converter wrote
    of it, in place of the network's own graph."""

    network: Network
    program: dict[str, Any]
    files: Path | None = None

    def write_graph(self, folder: Path) -> tuple[str, ...]:
        """model.json and the shards; their names."""
        if self.files is None:
            return write_network(folder, self.network)
        names = sorted(path.name for path in self.files.iterdir())
        for name in names:
            shutil.copyfile(self.files / name, folder / name)
        return tuple(names)


def compiled(model: onnx.ModelProto, signature: Signature, outputs: Sequence[Output]) -> WebNetwork:
    """The model as the browser runs it; nothing is written.

    Raises:
        UnsupportedModelError: it cannot be carried; names the node, or the input or output.
    """
    texts = [one.name for one in signature.inputs if one.dtype == "string"]
    texts += [one.name for one in outputs if one.dtype == "string"]
    if texts:
        raise UnsupportedModelError(f"{texts[0]!r}, which holds strings,", "TensorFlow.js computes none", _INSTEAD)
    return described(compile_network(model), signature, outputs)


def described(network: Network, signature: Signature, outputs: Sequence[Output]) -> WebNetwork:
    """A compiled network beside the signature.

    Raises:
        UnsupportedModelError: it has no input or output of a name, or one of another dtype.
    """
    program = {
        "format": FORMAT,
        "backends": list(network.backends),
        "inputs": [_described(one, network.inputs) for one in signature.inputs],
        "outputs": [_described(one, network.outputs) for one in outputs],
    }
    return WebNetwork(network, program)


def tfjs_dtype(dtype: str) -> str:
    """What TF.js, which has float32, int32 and bool, holds in the place of a dtype of the signature."""
    return "bool" if dtype == "bool" else "float32" if dtype in FLOATS else "int32"


def _described(one: Input | Output, ports: Sequence[Port]) -> dict[str, Any]:
    port = next((port for port in ports if port.name == one.name), None)
    if port is None or port.dtype != tfjs_dtype(one.dtype):
        found = "nothing" if port is None else f"{port.dtype} in TensorFlow.js"
        raise UnsupportedModelError(f"{one.name!r} ({one.dtype})", f"the compiled graph has {found} for it", _INSTEAD)
    return {"name": one.name, "dtype": one.dtype, "node": port.node, "tfjs": port.dtype}


def write_web_tensors(
    folder: Path,
    bundle: Path,
    web: WebNetwork,
    *,
    package: WebPackage | None = None,
    runtime: Path | None = None,
) -> tuple[str, ...]:
    """Writes the folder from a compiled network and the bundle's manifest.json, golden.json and golden.bin.

    Returns the names of the files that the manifest shall speak of. package, runtime: as of `write_web`.

    Raises:
        BundleError: the browser runtime is not built, or the bundle has no manifest.
    """
    manifest, package = read_manifest(bundle), package or WebPackage()
    runtime = built_runtime(runtime)
    folder.mkdir(parents=True, exist_ok=True)
    files = web.write_graph(folder)
    text = json.dumps(web.program, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    (folder / "program.json").write_text(text + "\n", encoding="utf-8")
    files = (*files, "program.json")
    shutil.copytree(runtime, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    (folder / PAGE_OF_TENSORS).replace(folder / "index.html")
    (folder / README_OF_TENSORS).replace(folder / "README.md")
    _drop_page_of_columns(folder)
    golden = ("manifest.json", "golden.json", "golden.bin")
    for name in golden:
        shutil.copyfile(bundle / name, folder / name)
    document = folder / "README.md"
    document.write_text(_with_call(document.read_text(encoding="utf-8"), manifest.signature.inputs), encoding="utf-8")
    write_package(folder, manifest, (*golden, *files), package)
    return files


def _drop_page_of_columns(folder: Path) -> None:
    """Removes what of page/ the page of tensors does not name: some modules and the style are of both."""
    page = (folder / "index.html").read_text(encoding="utf-8")
    for path in sorted((folder / "page").rglob("*"), reverse=True):  # a folder after what is in it
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif f'"./{path.relative_to(folder).as_posix()}"' not in page:
            path.unlink()


def _with_call(document: str, inputs: Sequence[Input]) -> str:
    """README.md with a call of this model in its program: the smallest that its shapes allow."""
    return document.replace("{ INPUTS }", f"{{ {', '.join(map(_call, inputs))} }}")


def _call(one: Input) -> str:
    sizes = [size if isinstance(size, int) else 1 for size in one.shape]
    count = math.prod(sizes)
    return f"{json.dumps(one.name, ensure_ascii=False)}: {{ data: new {ARRAYS[one.dtype]}({count}), shape: {sizes} }}"
