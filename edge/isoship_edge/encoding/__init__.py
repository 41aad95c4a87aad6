"""Rows to tensors and back, from JSON, files and frames, by the signature."""
