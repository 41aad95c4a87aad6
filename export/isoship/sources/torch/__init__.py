"""PyTorch modules and exported programs as sources.

torch's own exporter writes the graph; the module's answers in evaluation mode are the truth that it is held against.
"""
