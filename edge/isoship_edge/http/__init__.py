"""The HTTP contract and the standard library's server as its skin."""
