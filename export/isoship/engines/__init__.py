"""Engines beyond one machine: what Spark and Ray share. `isoship.spark` and `isoship.ray` are the public half."""
