"""Converters of sklearn.preprocessing."""
