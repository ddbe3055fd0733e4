"""Psychometrics for simulated people."""

__version__ = "0.1.0"
