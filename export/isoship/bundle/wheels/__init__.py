"""Wheels for the machines that a bundle lands on: fetched, read, and what of them travels."""
