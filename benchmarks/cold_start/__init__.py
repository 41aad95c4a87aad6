"""From process start to the first answer: the Lambda directory beside floors and beside what is usually deployed.

`make bench-lambda` writes benchmarks/results/cold_start.json and cold_start.svg.
"""
