"""Models that answer: one file a backend."""
