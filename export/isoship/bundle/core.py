"""What every bundle holds, whatever its targets: model.onnx, golden.json, and the manifest that speaks of both."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship import __version__
from isoship.bundle.row_bytes import row_bytes
from isoship.bundle.sums import sha256
from isoship.bundle.tolerances import tolerances_for, tolerances_to_json
from isoship.row_program.program import RowProgram
from isoship.rows.for_check import nodes_for
from isoship.rows.golden import POOL, golden_rows
from isoship.rows.labels import labels_by_graph
from isoship.rows.paths import tree_nodes
from isoship.rows.structure import column_profiles
from isoship.sources.contract import Source
from isoship_edge.encoding.golden import decode
from isoship_edge.manifest import COLUMNS_FORMAT, digest_of, output_to_json, sealed, signature_to_json

if TYPE_CHECKING:
    import onnx


def write_core(
    folder: Path,
    source: Source,
    graph: onnx.ModelProto,
    program: RowProgram,
    *,
    name: str,
    version: str,
    targets: Sequence[str],
    sample: Any = None,
    say: Callable[[str], None],
) -> None:
    """Writes the three files, and the row program's, from a source and its canonical graph.

    sample: rows that golden.json copies, which the user must have asked for; None makes synthetic ones.
    """
    model_bytes = graph.SerializeToString(deterministic=True)
    (folder / "model.onnx").write_bytes(model_bytes)
    say("making golden rows")
    profiles = column_profiles(graph, source.signature)
    labels = labels_by_graph(graph, source.signature, source.outputs)
    nodes = tree_nodes(graph, source.signature, profiles, most=nodes_for(POOL))
    rows = golden_rows(source, profiles, seed=0, sample=sample, labels=labels, nodes=nodes)
    if sample is not None:
        say("golden rows are copied from the sample: they travel in every target, web/ included")
    expected = {k: decode(v) for k, v in rows["expected"].items()}
    document: dict[str, Any] = {
        "format": COLUMNS_FORMAT,
        "name": name,
        "version": version,
        "signature": signature_to_json(source.signature),
        "outputs": [output_to_json(o) for o in source.outputs],
        "tolerances": tolerances_to_json(tolerances_for(source.outputs, expected, source.double_tolerances, graph)),
        "encoder": None,
        "row_bytes": row_bytes(graph, source.outputs),
        "provenance": {
            "isoship": __version__,
            "library": source.library,
            "library_version": source.library_version,
            "estimator": source.estimator,
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            "golden": "synthetic" if sample is None else "sample",
            "targets": ",".join(targets),
            **({"classes": "given"} if source.label_names is not None else {}),
            **({"training_rows": ", ".join(source.training_rows)} if source.training_rows else {}),
        },
    }
    for file, content in program.files.items():
        (folder / file).write_bytes(content)
    if program.lacks:
        say(f"no row program: {program.lacks}")
        document["row_program"] = {"lacks": program.lacks}
    else:
        document["row_program"] = {"libm": list(program.libm), "most_rows": dict(program.most_rows)}
    document["files"] = {file: sha256(folder / file) for file in program.files}
    document["digest"] = digest_of(hashlib.sha256(model_bytes).hexdigest(), document)
    golden_bytes = json.dumps({**rows, "digest": document["digest"]}, ensure_ascii=False, allow_nan=False).encode()
    (folder / "golden.json").write_bytes(golden_bytes)
    (folder / "manifest.json").write_bytes(sealed(document))
    record_files(folder, ["model.onnx", "golden.json"])


def record_files(folder: Path, names: Sequence[str]) -> None:
    """Adds the sha256 of files to the manifest."""
    path = folder / "manifest.json"
    document = json.loads(path.read_bytes())
    document["files"] |= {name: sha256(folder / name) for name in names}
    path.write_bytes(sealed(document))
