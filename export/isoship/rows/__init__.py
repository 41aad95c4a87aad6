"""Rows: what a graph and a fitted model say of each column, and the rows that are made of it."""
