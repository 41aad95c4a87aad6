"""The runtime that travels with every isoship bundle. Needs Python, and ONNX Runtime's C library for batches."""
