"""Inputs that take pictures (docs/images.md): what is done to pixels, and the source that starts at them."""
