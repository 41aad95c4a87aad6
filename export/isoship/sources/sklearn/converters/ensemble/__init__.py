"""Converters of sklearn.ensemble: over trees, which stand in the graph as one, and over any estimator."""
