"""Other machines: row programs and edge/ where ONNX Runtime has no wheel, their answers beside this machine's."""
