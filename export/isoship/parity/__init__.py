"""The check: every shipped form in every runtime, held against the source model's own answers."""
