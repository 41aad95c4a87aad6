"""Nodes in float64, for `isoship.tensors.double_graph`: whom is asked, and what onnxruntime has no doubles of."""
