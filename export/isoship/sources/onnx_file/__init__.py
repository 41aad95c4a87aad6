"""ONNX files as sources, taken as they are: onnxruntime's own answers to the file are the truth."""
