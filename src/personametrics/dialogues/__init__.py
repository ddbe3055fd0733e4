"""Dialogues: their requests, their judges and their transcripts."""
