"""Run in the side environment: `python convert_saved_model.py SAVED_MODEL FOLDER`, a line of JSON on stdout.

The official converter, its function for a SavedModel alone. What the package imports beside it (jax, tf_keras, decision
forests, the hub) is not there and is not needed: bare packages stand in for its `__init__` files and empty modules for
the two that are imported only to register operators.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import json
import os
import sys
import time
import types
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")


def converter() -> types.ModuleType:
    """`tensorflowjs.converters.tf_saved_model_conversion_v2`, and nothing else of its package."""
    found = importlib.machinery.PathFinder.find_spec("tensorflowjs")
    if found is None or not found.submodule_search_locations:
        raise ImportError("tensorflowjs is not installed here")
    place = Path(found.submodule_search_locations[0])
    for name, folder in (("tensorflowjs", place), ("tensorflowjs.converters", place / "converters")):
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    for name in ("tensorflow_decision_forests", "tensorflow_hub"):
        sys.modules[name] = types.ModuleType(name)
    return importlib.import_module("tensorflowjs.converters.tf_saved_model_conversion_v2")


def main() -> None:
    source, folder = sys.argv[1:]
    says, sys.stdout = sys.stdout, sys.stderr
    module = converter()
    started, cpu = time.perf_counter(), time.process_time()
    module.convert_tf_saved_model(source, folder, signature_def="serving_default", control_flow_v2=True)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu}), file=says)


if __name__ == "__main__":
    main()
