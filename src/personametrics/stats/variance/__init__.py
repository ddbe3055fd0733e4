"""Disagreement, variance components, reliability and design."""
