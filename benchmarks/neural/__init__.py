"""Networks in our runtimes beside a C program on ONNX Runtime's C API: arrays in and out, HTTP, export, cold start."""
