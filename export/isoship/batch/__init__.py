"""Batches: tables of any length answered by columns, from files, streams, and engines beyond one machine."""
