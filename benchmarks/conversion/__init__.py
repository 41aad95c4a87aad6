"""Our graphs beside the standard exporters' for the same models: conversion time, bytes, load time, latency.

`make bench-conversion` writes benchmarks/results/conversion.json and conversion.svg.
"""
