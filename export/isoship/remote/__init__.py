"""URLs in place of paths: rows, answers and bundles in object stores, by fsspec. Nothing is imported for a path."""
