"""A bundle, loaded: tensors in and out of ONNX Runtime."""
