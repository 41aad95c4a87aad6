"""Batch answers of large files beside scikit-learn with pandas."""
