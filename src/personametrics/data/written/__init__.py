"""Personas that a model writes: from documents, and from what people answered before."""
