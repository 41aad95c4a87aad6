"""Estimators from outside: classes of a user's own, carried by a converter that the user gives with the model."""
