"""Converters of sklearn.svm's kernel machines; linear ones are in linear_model."""
