"""Distances, information and agreement between distributions of answers."""
