"""The check of tensor bundles: calls and their answers, in every runtime that the bundle ships for."""
