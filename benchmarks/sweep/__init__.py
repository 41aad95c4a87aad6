"""The sweep: every scikit-learn estimator, converted and compared with itself on rows made to find faults.

    .venv/bin/python -m benchmarks.sweep [--only NAME ...] [--json] [--write-docs]

A model is exact when its graph flips no label outside the margin, every value is within 1e-9 + 1e-9 |reference|, and
the input contract refuses the rows that the model refuses and no other.
"""
