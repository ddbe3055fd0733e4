"""A small language model trained on a made-up society whose answer distributions are all known."""
