"""Costs of requests: prices and caps, and estimates before anything is asked."""
