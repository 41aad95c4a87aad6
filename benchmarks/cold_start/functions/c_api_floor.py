"""The floor: ONNX Runtime's C library through ctypes and a handler written for this one model.

No validation, no errors, no manifest. `facts.py` beside it holds the columns, classes and layout as constants.
The collector is off while it starts, as in the bundle: a floor knows that too.
"""

import gc

gc.disable()

import ctypes  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
from array import array  # noqa: E402

from facts import CLASSES, COLUMNS, LIBRARY, MATRIX, NETWORK  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib is an import more
P, S, C = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
TYPES = {
    3: (ctypes.c_int, C, P), 7: (P, C, P, P), 9: (P, P, P, P, S, P, S, P), 10: (P,), 23: (P, ctypes.c_int),
    24: (P, ctypes.c_int), 25: (P, ctypes.c_int), 49: (P, P, S, P, S, ctypes.c_int, P), 51: (P, P),
    69: (ctypes.c_int, ctypes.c_int, P), 96: (P,),
}  # fmt: skip


def open_library():
    base = ctypes.CDLL(os.path.join(HERE, LIBRARY)).OrtGetApiBase  # noqa: PTH118
    base.restype = ctypes.POINTER(P * 2)
    table = ctypes.cast(ctypes.CFUNCTYPE(P, ctypes.c_uint32)(base().contents[0])(22), ctypes.POINTER(P))
    return {i: ctypes.CFUNCTYPE(None if i == 96 else P, *types)(table[i]) for i, types in TYPES.items()}


def made(index, *arguments):
    pointer = P()
    status = api[index](*arguments, ctypes.byref(pointer))
    if status:
        raise RuntimeError(f"OrtApi[{index}] failed")
    return pointer


api = open_library()
env = made(3, 3, b"floor")
options = made(10)
for setting, value in ((23, 0), (24, 1), (25, 1)):
    api[setting](options, value)
session = made(7, env, os.path.join(HERE, "model.onnx").encode(), options)  # noqa: PTH118
memory = made(69, 0, 0)
inputs = [b"X"] if MATRIX else [name.encode() for name in COLUMNS]
INPUTS = (C * len(inputs))(*inputs)
OUTPUTS = (C * 2)(b"label", b"probabilities")


def columns(event, context):
    rows = json.loads(event["body"])["rows"]
    if MATRIX:
        tensors = [(array("d", [row[name] for row in rows for name in COLUMNS]), len(COLUMNS))]
    else:
        tensors = [(array("d", [row[name] for row in rows]), 1) for name in COLUMNS]
    values, results = (P * len(tensors))(), (P * 2)()
    for i, (data, width) in enumerate(tensors):
        shape = (ctypes.c_int64 * 2)(len(rows), width)
        values[i] = made(49, memory, data.buffer_info()[0], 8 * len(data), shape, 2, 11).value
    if api[9](session, None, INPUTS, values, len(tensors), OUTPUTS, 2, results):
        raise RuntimeError("Run failed")
    labels = array("q", ctypes.string_at(made(51, results[0]), 8 * len(rows)))
    flat = array("d", ctypes.string_at(made(51, results[1]), 8 * len(rows) * len(CLASSES)))
    for value in (*values, *results):
        api[96](value)
    width = len(CLASSES)
    predictions = [
        {"label": label, "probabilities": dict(zip(CLASSES, flat[i * width : (i + 1) * width], strict=True))}
        for i, label in enumerate(labels)
    ]
    body = json.dumps({"predictions": predictions}, separators=(",", ":"))
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": body}


def network(event, context):
    """One float array in, one [batch, K] out."""
    name, output, sizes = NETWORK
    nested = json.loads(event["body"])["inputs"][name]
    batch, flat = len(nested), nested
    for _ in sizes:
        flat = [value for part in flat for value in part]
    data = array("f", flat)
    shape = (ctypes.c_int64 * (1 + len(sizes)))(batch, *sizes)
    value, result = (P * 1)(made(49, memory, data.buffer_info()[0], 4 * len(data), shape, len(shape), 1)), (P * 1)()
    if api[9](session, None, (C * 1)(name.encode()), value, 1, (C * 1)(output.encode()), 1, result):
        raise RuntimeError("Run failed")
    answer = array("f", ctypes.string_at(made(51, result[0]), 4 * batch * len(CLASSES))).tolist()
    api[96](value[0])
    api[96](result[0])
    width = len(CLASSES)
    rows = [answer[i * width : (i + 1) * width] for i in range(batch)]
    body = json.dumps({"outputs": {output: rows}}, separators=(",", ":"))
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": body}


handler = columns if NETWORK is None else network
gc.enable()
gc.freeze()
