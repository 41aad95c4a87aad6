"""Converters of sklearn.impute."""
