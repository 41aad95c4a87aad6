"""Planted faults: copies of real bundles, each with one thing wrong in a shipped file or a runtime, under `check`.

    python -m benchmarks.mutants [--only PART ...]

A mutant is a name, a base model, the runtimes to ask and a function that plants the fault. No mutant is one that
answers alike on every row that its model accepts: nodes are chosen so that a fault changes an answer, by reasoning on
the graph (`benchmarks.mutants.trees`) and never by asking the check.
"""
