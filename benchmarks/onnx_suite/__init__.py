"""ONNX's own backend test suite through the compiler of networks and TF.js: each case is right or refused."""
