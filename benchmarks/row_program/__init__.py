"""How wide the row program reaches: the sweep's estimators and the boosters, one row at a time (`__main__.py`).

    .venv/bin/python -m benchmarks.row_program [--only PART ...]

Each graph is written as a row program and asked the sweep's rows, one at a time, in plain Python; ONNX Runtime is asked
the same rows, one at a time, too. They agree where every label is the same, ties aside, and every number is within
1e-9 + 1e-9 |x|. Whose bits they have, the model's own and every platform's, is examined with them (`bits.py`). Random
pipelines are held so in tests/pipelines. `batch.py` measures a million rows; `make bench-lambda` measures cold starts.
"""
