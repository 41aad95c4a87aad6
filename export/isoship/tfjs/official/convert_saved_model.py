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

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")


def converter() -> types.ModuleType:
    """`tensorflowjs.converters.tf_saved_model_conversion_v2`, and nothing else of its package."""
    (place,) = importlib.machinery.PathFinder.find_spec("tensorflowjs").submodule_search_locations
    for name, folder in (("tensorflowjs", place), ("tensorflowjs.converters", os.path.join(place, "converters"))):
        package = types.ModuleType(name)
        package.__path__ = [folder]
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
