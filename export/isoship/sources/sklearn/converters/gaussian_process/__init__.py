"""Converters of sklearn.gaussian_process."""
