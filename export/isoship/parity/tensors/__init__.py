"""The check of bundles whose signature is tensors."""
