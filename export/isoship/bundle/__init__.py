"""A bundle on disk: manifest and sums, and what writes each target."""
