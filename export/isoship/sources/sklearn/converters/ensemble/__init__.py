"""Converters of sklearn.ensemble over any estimator; those over trees are in trees."""
