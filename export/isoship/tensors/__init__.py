"""Models whose signature is tensors: networks, and whatever else comes as an ONNX file."""
