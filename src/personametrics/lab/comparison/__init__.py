"""Comparing a study without a remedy and with it."""
