"""Run in the side environment: `python trial.py FOLDER` writes the small SavedModel that the converter is tried on."""

from __future__ import annotations

import os
import sys
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")


def main() -> None:
    import tensorflow as tf

    class Doubled(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, "x")])  # type: ignore[untyped-decorator]
        def __call__(self, x: Any) -> dict[str, Any]:
            return {"y": 2.0 * x}

    module = Doubled()
    tf.saved_model.save(module, sys.argv[1], signatures=module.__call__)


if __name__ == "__main__":
    main()
