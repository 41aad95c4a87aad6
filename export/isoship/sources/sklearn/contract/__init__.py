"""The input contract: what the fitted model accepts in each column, found by asking it."""
