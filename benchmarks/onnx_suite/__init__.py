"""ONNX's own backend test suite through the compiler of networks and TF.js: every case carried and right, or refused."""
