"""The one door: measure(), audit()."""
