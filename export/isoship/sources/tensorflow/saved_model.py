"""SavedModel folders: what one holds, looked at before TensorFlow loads it.

A SavedModel is a program, and TensorFlow itself calls untrusted ones unsafe (its SECURITY.md). What would run while it
is loaded, the filling of tables, is refused before. Operators of the signature that reach outside the graph, to files
or to Python, are refused by name before it is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isoship.errors import ModelFileError, UnsupportedModelError
from isoship.sources.tensorflow.library import first_line, quiet, tensorflow_for

_TAG = "serve"
#: The key of the signature that servers ask, and the keys by which a model says that it was initialised or trained.
_DEFAULT = "serving_default"
_NOT_ASKED = ("__saved_model_init_op", "__saved_model_train_op")
_SAVE = "tf.saved_model.save(module, folder, signatures=function) or model.export(folder) writes one that is read"
_OUTSIDE = frozenset(
    {
        "DebugIdentity", "EagerPyFunc", "FixedLengthRecordReaderV2", "IdentityReaderV2", "LoadAndRemapMatrix",
        "MatchingFiles", "MergeV2Checkpoints", "PrintV2", "PyFunc", "PyFuncStateless", "ReadFile", "ReaderReadV2",
        "Restore", "RestoreSlice", "RestoreV2", "Save", "SaveSlices", "SaveV2", "TFRecordDataset", "TFRecordReaderV2",
        "TextLineDataset", "TextLineReaderV2", "WholeFileReaderV2", "WriteFile", "WriteGraphSummary",
    }
)  # fmt: skip


def load(path: Path, notes: list[str]) -> tuple[Any, Any]:
    """The loaded object, which must be kept as long as its function, and the function of its signature.

    Raises:
        ModelFileError: no SavedModel of TensorFlow 2 with a signature, or a damaged one.
        UnsupportedModelError: its graph reaches outside itself.
        MissingExtraError: TensorFlow is not here.
    """
    tf = tensorflow_for(f"reading {path.name}")
    _look_through(path)
    try:
        with quiet(), tf.device("/cpu:0"):
            loaded = tf.saved_model.load(str(path), tags=[_TAG])
            signatures = dict(loaded.signatures)
    except Exception as err:  # a folder may fail in any part of TensorFlow
        raise ModelFileError(
            f"TensorFlow {tf.__version__} does not load {path}: {type(err).__name__}: {first_line(err)}. Save it again"
            f" with this release: {_SAVE}"
        ) from err
    function = signatures[_chosen(path, list(signatures), notes)]
    for name, operator in operators_of(function.graph.as_graph_def()):
        if operator in _OUTSIDE:
            raise UnsupportedModelError(
                f"node {name!r} ({operator})",
                "it reaches outside the graph, to files or to Python, so nothing of it is run",
                "Read the files before, and give the model their contents",
            )
    return loaded, function


def _chosen(path: Path, keys: list[str], notes: list[str]) -> str:
    keys = [key for key in keys if key not in _NOT_ASKED]
    if not keys:
        raise ModelFileError(f"{path} has no signature, so nothing says what it is called with. {_SAVE}")
    if _DEFAULT in keys:
        if len(keys) > 1:
            notes.append(f"of the signatures {', '.join(keys)}, {_DEFAULT} is the one that ships")
        return _DEFAULT
    if len(keys) > 1:
        raise ModelFileError(
            f"{path} has the signatures {', '.join(keys)} and none of the name {_DEFAULT}, which is the one that ships."
            " Save it with signatures={'serving_default': function}"
        )
    return keys[0]


def _look_through(path: Path) -> None:
    """Raises:
    ModelFileError: TensorFlow 1 wrote it, or it is damaged. UnsupportedModelError: it has tables.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    document = saved_model_pb2.SavedModel()
    try:
        document.ParseFromString((path / "saved_model.pb").read_bytes())
    except Exception as err:  # protobuf's errors share no base class
        raise ModelFileError(f"{path} is no SavedModel: {first_line(err)}. Copy the whole folder again") from err
    graphs = [each for each in document.meta_graphs if _TAG in each.meta_info_def.tags]
    if not graphs:
        tags = sorted({tag for each in document.meta_graphs for tag in each.meta_info_def.tags})
        raise ModelFileError(f"{path} has no graph for serving (its tags: {', '.join(tags) or 'none'}). {_SAVE}")
    if not all(each.HasField("object_graph_def") for each in graphs):
        raise ModelFileError(
            f"{path} was written by TensorFlow 1 ({graphs[0].meta_info_def.tensorflow_version or 'no version'}), whose"
            " graphs are not read. Load the weights into a model of TensorFlow 2 or Keras and save that; or convert it:"
            f" python -m tf2onnx.convert --saved-model {path} --output model.onnx"
        )
    for graph in graphs:
        resources = [each for each in graph.object_graph_def.nodes if each.WhichOneof("kind") == "resource"]
        if resources:  # what makes and fills one runs while the folder is loaded
            raise UnsupportedModelError(
                "a table",
                "the model looks values up in a table of TensorFlow's (StringLookup, IntegerLookup), which ONNX does"
                " not have",
                "Give the model the numbers that the lookup would give, and do the lookup before",
            )


def operators_of(document: Any) -> Iterator[tuple[str, str]]:
    """Name and operator of every node that a call of a graph may run, those of the functions that it calls included."""
    functions = {each.signature.name: each for each in document.library.function}
    waiting, seen = list(document.node), set[str]()
    while waiting:
        node = waiting.pop()
        yield node.name, node.op
        named = [value.func.name for value in node.attr.values()]
        named += [each.name for value in node.attr.values() for each in value.list.func]
        for name in (node.op, *named):
            if name in functions and name not in seen:
                seen.add(name)
                waiting += functions[name].node_def
