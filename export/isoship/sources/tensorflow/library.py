"""TensorFlow itself: whether it is here, and how it is made to answer alike every time: on the CPU, on one thread."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from isoship.errors import MissingExtraError

#: Read while TensorFlow is imported. oneDNN's kernels sum in another order on each processor; the converter's own
#: messages say nothing that its graph does not.
_ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}


def tensorflow_for(purpose: str, *, extra: str = "tensorflow") -> Any:
    """The library, with the converter to ONNX beside it.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    for package in ("tensorflow", "tf2onnx"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError(package, extra, purpose)
    ours = "tensorflow" not in sys.modules
    if ours:
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
    tf = importlib.import_module("tensorflow")
    if ours:
        with contextlib.suppress(RuntimeError):  # something has run already, and threads stay as they are
            tf.config.threading.set_intra_op_parallelism_threads(1)
            tf.config.threading.set_inter_op_parallelism_threads(1)
    return tf


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The converter's progress and warnings go nowhere: what matters of them is found by asking its graph."""
    loggers = [logging.getLogger(name) for name in ("tf2onnx", "tensorflow", "absl")]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)


def first_line(err: BaseException) -> str:
    """What an error says, without Keras's frame around it."""
    plain = re.sub(r"\x1b\[\d*m", "", str(err))
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("Exception encountered when calling")]
    return (told or lines or [type(err).__name__])[0][:300]


def array_of(tensor: Any) -> np.ndarray[Any, Any]:
    """A tensor's values; strings are text, as signatures have them."""
    array = np.asarray(tensor)
    if array.dtype.kind not in "OS":
        return array
    texts = np.empty(array.size, object)
    texts[:] = [each.decode() if isinstance(each, bytes) else each for each in array.reshape(-1).tolist()]
    return texts.reshape(array.shape)


#: What Keras and TensorFlow raise of a call that they do not take, beside TensorFlow's own errors.
REFUSALS = (ValueError, TypeError, LookupError, NotImplementedError, RuntimeError)
