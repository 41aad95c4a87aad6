"""What is too long for `make test`, in groups of at most an hour."""
