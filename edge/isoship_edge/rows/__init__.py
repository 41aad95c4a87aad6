"""The row program of a bundle: one row answered in plain Python, without ONNX Runtime (docs/architecture.md)."""

from isoship_edge.rows.program import RowProgram, load

__all__ = ["RowProgram", "load"]
