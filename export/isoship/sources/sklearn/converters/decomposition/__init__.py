"""Converters of sklearn.decomposition."""
