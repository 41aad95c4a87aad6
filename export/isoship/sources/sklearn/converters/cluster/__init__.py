"""Converters of sklearn.cluster, and of what else answers with the nearest of some points."""
