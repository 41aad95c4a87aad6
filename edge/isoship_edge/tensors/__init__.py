"""A bundle whose signature is tensors: named arrays in, named arrays out."""
