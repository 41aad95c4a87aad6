"""Keras models as sources: `.keras` files, and models in memory, on TensorFlow."""
