"""Canonical graphs: what builds them, what is read out of them, and the passes over a finished one."""
