"""A shelf of real bundles, each checked in every runtime: `python -m benchmarks.shelf`."""
