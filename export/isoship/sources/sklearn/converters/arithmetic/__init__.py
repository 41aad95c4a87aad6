"""Arithmetic that several converters write: in scikit-learn's order, to the last bit."""
