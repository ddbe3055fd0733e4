"""Asks × model × journal → responses: the only side effects of the library."""
