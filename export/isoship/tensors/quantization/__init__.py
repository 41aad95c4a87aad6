"""Smaller networks on request: int8 and float16, kept only where they agree with the model on the user's own sample."""
