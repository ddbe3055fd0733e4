"""A small language model of our own, trained on a made-up society whose every answer distribution is known."""
