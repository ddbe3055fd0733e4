"""Inference from predictions, weights and confidence."""
