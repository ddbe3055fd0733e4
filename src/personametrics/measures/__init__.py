"""Computations from responses that several studies share."""
